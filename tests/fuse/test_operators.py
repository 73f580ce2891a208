from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from tests.fuse.two_blocks import N, block, made_world

from palate.arrays import dense
from palate.errors import BadInput, BadRecipe
from palate.fuse.attention import Attention, AttentionSettings
from palate.fuse.base import Operator
from palate.fuse.concat import Concat
from palate.fuse.gated import Gated, GatedSettings
from palate.fuse.learning import Objective
from palate.fuse.sides import Directions, Sides, shares
from palate.fuse.time_decayed import TimeDecayed, TimeDecayedSettings, standing
from palate.fuse.weighted import Weighted, WeightedSettings
from palate.gradient.kernel_objective import KernelObjective
from palate.gradient.loop import Schedule
from palate.tables import Block, Origin, Training
from palate.testing.stored import grown

OBJECTIVE = Objective(pairs=6000, schedule=Schedule(epochs=12, batch=300, rate=0.1, patience=5))


def ndcg(part: Operator, blocks: Mapping[str, Block], world: Training) -> float:
    return KernelObjective(world.validation)(part.fit(blocks, world).fuse(blocks).matrix)


def test_the_product_of_two_fused_rows_is_the_mean_of_the_cosines(
    halves: Mapping[str, Block], world: Training
) -> None:
    fused = dense(Concat().fit(halves, world).fuse(halves).matrix)
    E = [dense(X) for X in Sides.of(halves).matrices]
    assert np.allclose(fused @ fused.T, (E[0] @ E[0].T + E[1] @ E[1].T) / 2, atol=1e-5)


@pytest.mark.parametrize(
    "part",
    [Gated(GatedSettings(objective=OBJECTIVE)), Attention(AttentionSettings(objective=OBJECTIVE))],
)
def test_a_gate_finds_which_block_is_right_about_an_item(
    part: Any, halves: Mapping[str, Block], world: Training
) -> None:
    even = ndcg(Concat(), halves, world)
    assert ndcg(part, halves, world) > even + 0.05
    weights = part.weights(Sides.of(halves))
    assert weights[: N // 2, 0].mean() > 0.7
    assert weights[N // 2 :, 0].mean() < 0.3


def test_a_gate_finds_nothing_in_blocks_without_meaning(world: Training) -> None:
    random = np.random.default_rng(5)
    blocks = {
        n: replace(
            block(n, np.zeros(N, bool), seed=s),
            matrix=random.normal(size=(N, 9)).astype(np.float32),
        )
        for s, n in enumerate("ab")
    }
    even = ndcg(Concat(), blocks, world)
    assert abs(ndcg(Gated(GatedSettings(objective=OBJECTIVE)), blocks, world) - even) < 0.05


def test_weights_favour_the_better_block(unequal: Mapping[str, Block], world: Training) -> None:
    part = Weighted()
    assert ndcg(part, unequal, world) > ndcg(Concat(), unequal, world)
    assert part.mix_[0] > 0.6


def test_given_weights_are_taken(unequal: Mapping[str, Block], world: Training) -> None:
    part = Weighted(WeightedSettings(weights=(1.0, 3.0))).fit(unequal, world)
    assert np.allclose(part.weights(Sides.of(unequal)), [0.25, 0.75])
    with pytest.raises(BadRecipe, match="2 numbers"):
        Weighted(WeightedSettings(weights=(1.0,))).fit(unequal, world)
    with pytest.raises(BadRecipe, match="not all of them zero"):
        Weighted(WeightedSettings(weights=(0.0, 0.0))).fit(unequal, world)


def test_without_validation_weights_are_equal(
    unequal: Mapping[str, Block], world: Training
) -> None:
    blind = replace(world, validation=world.validation.take(np.empty(0, np.int64)))
    assert Weighted().fit(unequal, blind).mix_.tolist() == [0.5, 0.5]
    gated = Gated(GatedSettings(objective=OBJECTIVE)).fit(unequal, blind)
    assert gated.weights(Sides.of(unequal))[:, 0].mean() > 0.6


def test_popularity_decides_where_it_matters() -> None:
    """`popular` is right about items that are had often, `rare` about the others."""
    world = made_world(popular_share=0.15)
    often = np.arange(N) < N // 2
    blocks = {"popular": block("popular", often, seed=1), "rare": block("rare", ~often, seed=2)}
    for b in blocks.values():
        b.matrix[:, -1] = 0  # nothing but popularity tells which one is right
    part = TimeDecayed(TimeDecayedSettings(objective=OBJECTIVE))
    assert ndcg(part, blocks, world) > ndcg(Concat(), blocks, world)
    assert part.slopes_[0, 0] > part.slopes_[0, 1]
    weights = part.weights(Sides.of(blocks))
    assert weights[often, 0].mean() > weights[~often, 0].mean() + 0.1
    with pytest.raises(BadInput, match="items"):
        part.fuse(
            {n: replace(b, matrix=b.matrix[:5], present=b.present[:5]) for n, b in blocks.items()}
        )


def test_switched_off_popularity_changes_nothing(
    halves: Mapping[str, Block], world: Training
) -> None:
    part = TimeDecayed(TimeDecayedSettings(popularity=False, age=False, objective=OBJECTIVE)).fit(
        halves, world
    )
    weights = part.weights(Sides.of(halves))
    assert np.ptp(weights[:, 0]) < 1e-6


def test_an_item_that_comes_later_weighs_like_one_that_nobody_had() -> None:
    world = made_world(popular_share=0.15)
    often = np.arange(N) < N // 2
    blocks = {"popular": block("popular", often, seed=1), "rare": block("rare", ~often, seed=2)}
    part = TimeDecayed(TimeDecayedSettings(objective=OBJECTIVE)).fit(blocks, world)
    state = part.state()
    later = {name: grown(b, 1) for name, b in blocks.items()}
    loaded = TimeDecayed(part.settings).load(state)
    weights = loaded.weights(Sides.of(later))
    unknown = shares(part.bias_[None], Sides.of(later).present[-1:])
    assert np.allclose(weights[-1], unknown[0])
    assert np.array_equal(weights[:-1], part.weights(Sides.of(blocks)))


def test_age_is_counted_from_the_first_event(world: Training) -> None:
    log = world.log
    assert not standing(log)[:, 1].any()
    clock = replace(
        log, time=1_600_000_000 + 86_400 * np.arange(len(log), dtype=np.int64)[::-1].copy()
    )
    ages = standing(clock)[:, 1]
    first = clock.item[0]
    days = (clock.time.max() - clock.time[clock.item == first].min()) / 86_400  # type: ignore[union-attr]
    assert ages[first] == pytest.approx(np.log1p(days))


def test_wide_sparse_blocks_stay_sparse(world: Training) -> None:
    words = sparse.csr_matrix(
        (np.ones(N, np.float32), (np.arange(N), np.arange(N) % 8)), shape=(N, 9000)
    )
    blocks = {n: Block(n, words, np.ones(N, bool), Origin("made", data=n)) for n in "ab"}
    for part in (
        Concat(),
        Gated(GatedSettings(objective=Objective(pairs=200, schedule=Schedule(epochs=1)))),
    ):
        fused = part.fit(blocks, world).fuse(blocks)
        assert sparse.issparse(fused.matrix)
        assert fused.width == 18_000


def test_other_blocks_than_those_it_was_fitted_on(
    halves: Mapping[str, Block], world: Training
) -> None:
    part = Concat().fit(halves, world)
    with pytest.raises(BadRecipe, match="same order"):
        part.fuse(dict(reversed(list(halves.items()))))
    with pytest.raises(BadRecipe, match="nothing to fuse"):
        Concat().fit({}, world)


def test_shares_of_nothing_are_nothing() -> None:
    assert shares(np.array([[5.0, 900.0]]), np.array([[False, False]])).tolist() == [[0.0, 0.0]]
    assert shares(np.array([[5.0, 900.0]]), np.array([[True, False]])).tolist() == [[1.0, 0.0]]


def test_directions_of_wide_blocks_are_those_of_narrow_ones() -> None:
    random = np.random.default_rng(0)
    X = np.zeros((N, 600), np.float32)
    X[:, :3] = random.normal(size=(N, 3)) * [9, 6, 4]
    rows = np.arange(N, dtype=np.int32)
    wide, narrow = Directions.of(X, rows, 3, 0), Directions.of(X[:, :3], rows, 3, 0)
    there = np.ones(N, bool)
    A, B = wide(X, there), narrow(X[:, :3], there)
    assert np.allclose(A.std(axis=0), 1, atol=1e-3)
    # the same subspace: each direction of the one is a mix of those of the other
    assert np.linalg.norm(A - B @ (B.T @ A) / N) < 1e-2 * np.linalg.norm(A)


def test_scores_without_the_fused_block_are_those_of_it(
    halves: Mapping[str, Block], world: Training
) -> None:
    words = sparse.csr_matrix(
        (np.ones(N, np.float32), (np.arange(N), np.arange(N) % 8)), shape=(N, 40)
    )
    sides = Sides.of(
        {**halves, "words": Block("words", words, np.arange(N) % 3 > 0, Origin("made"))}
    )
    weights = shares(np.random.default_rng(0).normal(size=(N, 3)), sides.present)
    events = sparse.csr_matrix(
        np.random.default_rng(1).random((5, N)) * (np.arange(N) % 7 == 0), dtype=np.float32
    )
    fused = dense(sides.joined(weights))
    assert np.allclose(sides.scorer()(events, weights), (events @ fused) @ fused.T, atol=1e-4)
