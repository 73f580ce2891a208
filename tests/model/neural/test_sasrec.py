"""SASRec on made sequences whose next item is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from palate import store
from palate.arrays import Ragged
from palate.errors import BadInput, BadRecipe, Refused
from palate.gradient.loop import Schedule
from palate.model.neural.sasrec import Sasrec, SasrecSettings
from palate.stages import FitContext
from palate.tables import (
    Block,
    Cases,
    FeatureTable,
    Histories,
    Interactions,
    Origin,
    Training,
    Vocabulary,
)

N_ITEMS = 24
QUICK = SasrecSettings(
    width=16, window=8, negatives=8, schedule=Schedule(epochs=25, batch=32, rate=0.01, patience=8)
)


def world(n_users: int = 150, noise: float = 0.0) -> Training:
    """Everybody walks a circle of the first 20 items; the last 4 are never touched."""
    random = np.random.default_rng(0)
    rows = [(random.integers(20) + np.arange(7)) % 20 for _ in range(n_users)]
    if noise:
        rows = [np.where(random.random(7) < noise, random.integers(0, 20, 7), row) for row in rows]
    train, last = [r[:6] for r in rows], [r[6:] for r in rows]
    user = np.repeat(np.arange(n_users, dtype=np.int32), 6)
    items = Vocabulary.of(f"i{i}" for i in range(N_ITEMS))
    log = Interactions(
        Vocabulary.of(f"u{i}" for i in range(n_users)),
        items,
        user,
        np.concatenate(train).astype(np.int32),
        np.ones(len(user), np.float32),
    )
    histories = Histories.of(log, np.arange(n_users, dtype=np.int32))
    cases = Cases(histories, histories.items, Ragged.of(last))
    content = np.zeros((N_ITEMS, 4), np.float32)
    angle = np.concatenate([np.arange(20), [2, 7, 12, 17]]) * 2 * np.pi / 20
    content[:, 0], content[:, 1] = np.cos(angle), np.sin(angle)
    block = Block("text", content, np.ones(N_ITEMS, np.bool_), Origin("made"))
    return Training(log, FeatureTable(items, {"text": block}), cases)


def asked(*rows: list[int]) -> Histories:
    return Histories.of_items(Ragged.of(list(rows)))


def best_unseen(model: Sasrec, history: list[int]) -> int:
    scores = model.score(asked(history))[0]
    scores[history] = -np.inf
    return int(scores.argmax())


@pytest.fixture(scope="module")
def fitted() -> Sasrec:
    return Sasrec(QUICK).fit(world(), FitContext(seed=5))


def test_it_learns_the_order(fitted: Sasrec) -> None:
    assert [best_unseen(fitted, [3, 4, 5]), best_unseen(fitted, [17, 18, 19])] == [6, 0]


def test_a_shuffled_world_teaches_no_order() -> None:
    training = world()
    shuffled = np.random.default_rng(1).permutation(training.log.item)
    model = Sasrec(replace(QUICK, schedule=Schedule(epochs=4))).fit(
        replace(training, log=replace(training.log, item=shuffled))
    )
    assert max(row["metric"] or 0 for row in model.curve_.rows) < 0.45
    assert (
        max(
            row["metric"] or 0
            for row in Sasrec(QUICK).fit(training, FitContext(seed=5)).curve_.rows
        )
        > 0.9
    )


def test_same_seed_same_numbers(fitted: Sasrec) -> None:
    again = Sasrec(QUICK).fit(world(), FitContext(seed=5))
    assert np.array_equal(again.score(asked([1, 2])), fitted.score(asked([1, 2])))
    other = Sasrec(QUICK).fit(world(), FitContext(seed=6))
    assert not np.allclose(other.score(asked([1, 2])), fitted.score(asked([1, 2])))


def test_a_history_scores_the_same_in_any_company(fitted: Sasrec) -> None:
    alone = fitted.score(asked([4, 5]))
    among = fitted.score(asked([1], [4, 5], [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]))[1:2]
    assert np.allclose(alone, among, atol=1e-5)


def test_empty_histories_score_nothing_and_old_events_fall_out_of_the_window(
    fitted: Sasrec,
) -> None:
    scores = fitted.score(asked([], [0, 1, 2, 3, 4, 5, 6, 7, 8], [9, 1, 2, 3, 4, 5, 6, 7, 8]))
    assert scores.shape == (3, N_ITEMS)
    assert not scores[0].any()
    assert np.allclose(scores[1], scores[2], atol=1e-5)
    assert fitted.score(asked()).shape == (0, N_ITEMS)


def test_state_goes_there_and_back(fitted: Sasrec, tmp_path: Path) -> None:
    state = fitted.state()
    store.write(tmp_path / "m", state.arrays, state.facts)
    read = store.read(tmp_path / "m")
    assert read is not None
    loaded = Sasrec(QUICK).load(read, {})
    assert np.array_equal(loaded.score(asked([1, 2], [])), fitted.score(asked([1, 2], [])))
    assert loaded.curve_ == fitted.curve_


@pytest.mark.parametrize(
    "changes", [{"loss": "full"}, {"loss": "corrected"}, {"blocks": 2, "heads": 2}]
)
def test_other_losses_and_sizes_learn_too(changes: dict[str, object]) -> None:
    model = Sasrec(replace(QUICK, **changes)).fit(world(), FitContext(seed=5))
    assert best_unseen(model, [3, 4, 5]) == 6


def test_content_gives_untouched_items_a_place() -> None:
    model = Sasrec(replace(QUICK, block="text", radius=0.5)).fit(world(), FitContext(seed=5))
    # Item 20 has the content of item 2, which follows 0 and 1.
    order = (-model.score(asked([19, 0, 1]))[0, 20:]).argsort()
    assert order[0] == 0
    permuted = world()
    block = permuted.features.block("text")
    content = block.matrix.copy()
    content[20:] = content[[22, 21, 23, 20]]
    features = permuted.features.replaced(replace(block, matrix=content))
    model = Sasrec(replace(QUICK, block="text", radius=0.5)).fit(
        replace(permuted, features=features)
    )
    assert (-model.score(asked([19, 0, 1]))[0, 20:]).argsort()[0] != 0


def test_a_tracker_hears_the_curve() -> None:
    class Heard:
        def __init__(self) -> None:
            self.n = 0

        def row(self, values: Mapping[str, float | None]) -> None:
            assert set(values) == {"step", "epoch", "seconds", "loss", "metric"}
            self.n += 1

    heard = Heard()
    model = Sasrec(replace(QUICK, schedule=Schedule(epochs=2))).fit(
        world(), FitContext(seed=5, tracker=heard)
    )
    assert heard.n == len(model.curve_.rows) == 2


def test_refusals(fitted: Sasrec) -> None:
    training = world()
    first = np.unique(training.log.user, return_index=True)[1]
    with pytest.raises(Refused, match="two events"):
        Sasrec(QUICK).fit(replace(training, log=training.log.take(first)))
    with pytest.raises(BadRecipe, match="heads"):
        Sasrec(replace(QUICK, heads=3)).fit(training)
    with pytest.raises(BadRecipe, match="no block"):
        Sasrec(replace(QUICK, block="nothing")).fit(training)
    with pytest.raises(Refused, match="not been fitted"):
        Sasrec().score(asked([1]))
    with pytest.raises(BadInput, match="item row"):
        fitted.score(asked([N_ITEMS]))
