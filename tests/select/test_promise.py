"""Promise P5: selection is honest and stable; selecting before splitting, and choosing by chance,
are caught.
"""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

from palate.data.worlds import linear
from palate.select.conditional import ConditionalFdr, ConditionalSettings
from palate.select.filters import Mrmr, MrmrSettings
from palate.select.learner import fit_linear
from palate.select.nested_cv import honest_and_leaked, jaccard
from palate.select.sparse_lines import L1
from palate.select.stability import Stability, frequencies
from palate.select.user_folds import folds, half
from palate.stages import Selector
from palate.tables.labelled_rows import LabelledRows
from palate.testing.selector import reordered

SETS = 100 if os.environ.get("PALATE_DEEP") else 6


def _noise(seed: int, n_users: int = 200, each: int = 5, columns: int = 2000) -> LabelledRows:
    random = np.random.default_rng(seed)
    n = n_users * each
    user = np.repeat(np.arange(n_users, dtype=np.int32), each)
    blocks = {f"x{j}": x[:, None] for j, x in enumerate(random.standard_normal((columns, n)))}
    return LabelledRows(blocks, (random.random(n) < 0.5).astype(np.float64), user, "binary")


def test_noise_scores_half_honestly_and_much_more_when_selected_before_splitting() -> None:
    found = [
        honest_and_leaked(lambda: Mrmr(MrmrSettings(20)), fit_linear, _noise(seed), seed, "auc")
        for seed in range(SETS)
    ]
    honest = float(np.mean([f.honest.value for f in found]))
    leaked = float(np.mean([f.leaked.value for f in found]))
    assert 0.48 <= honest <= 0.52
    assert leaked > 0.60
    assert np.mean([f.agreement for f in found]) < 0.5


def _chosen(make: Selector, rows: LabelledRows) -> set[str]:
    return set(make.fit(rows, 1).kept())


@pytest.mark.parametrize(
    "make",
    [
        lambda: ConditionalFdr(ConditionalSettings(model="linear")),
        L1,
        lambda: Mrmr(MrmrSettings(5)),
    ],
)
def test_permuted_duplicated_and_scaled_columns_change_nothing(make: type[Selector]) -> None:
    rows = linear(1, n_users=150).training()
    first = _chosen(make(), rows)
    assert jaccard(tuple(first), tuple(_chosen(make(), reordered(rows)))) >= 0.85
    scaled = replace(
        rows, blocks={name: X * (j + 1) for j, (name, X) in enumerate(rows.blocks.items())}
    )
    assert jaccard(tuple(first), tuple(_chosen(make(), scaled))) >= 0.85
    twice = replace(rows, blocks={**rows.blocks, "driver0 again": rows.blocks["driver0"].copy()})
    # the duplicate counts as what it duplicates
    again = {name.removesuffix(" again") for name in _chosen(make(), twice)}
    if not isinstance(make(), Mrmr):
        assert jaccard(tuple(first), tuple(again)) >= 0.85
        assert len(_chosen(make(), twice)) == len(again)


def test_half_samples_agree_and_a_choice_by_chance_does_not() -> None:
    rows = linear(2, n_users=200).training()

    def kept(draw: int) -> tuple[str, ...]:
        return (
            ConditionalFdr(ConditionalSettings(model="linear"))
            .fit(rows.take(half(rows, 1, draw)), 1)
            .kept()
        )

    chosen = [kept(draw) for draw in range(6)]
    assert np.mean([jaccard(a, b) for i, a in enumerate(chosen) for b in chosen[:i]]) >= 0.85
    names = np.array(rows.names)
    chance = [
        tuple(np.random.default_rng(draw).choice(names, 5, replace=False)) for draw in range(6)
    ]
    assert np.mean([jaccard(a, b) for i, a in enumerate(chance) for b in chance[:i]]) < 0.5


def test_stability_finds_the_drivers_and_bounds_its_mistakes() -> None:
    world = linear(3, n_users=150)
    part = Stability()
    kept = set(part.fit(world.training(), 1).kept())
    assert world.drivers <= kept
    assert len(kept - world.drivers) <= 2
    assert part.bound_ > 0
    shares = frequencies(L1, world.training(), 1, 4)
    assert all(shares[name] == 1.0 for name in world.drivers)


def test_no_user_is_on_two_sides() -> None:
    rows = linear(1, n_users=30).examples
    masks = list(folds(rows, 3, 1, "test"))
    assert (np.sum(masks, axis=0) == 1).all()
    for mask in masks:
        assert not set(rows.user[mask]) & set(rows.user[~mask])
    assert half(rows, 1, 0).sum() == len(rows) / 2
