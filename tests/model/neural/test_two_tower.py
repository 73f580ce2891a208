"""Two towers on content."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from palate.arrays import Ragged
from palate.errors import Refused
from palate.gradient.loop import Schedule
from palate.model.neural.two_tower import TwoTower, TwoTowerSettings
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

N = 60
QUICK = TwoTowerSettings(
    width=8, hidden=16, negatives=20, schedule=Schedule(epochs=12, batch=64, rate=0.01, patience=4)
)


def world(mixed: bool = False) -> Training:
    """Columns 0-2 tell an item's family, columns 3-9 are louder noise; people have items of one
    family.

    Items 54-59 have no event; item 59 has no content either.
    """
    random = np.random.default_rng(0)
    X = random.standard_normal((N, 10)).astype(np.float32) * 1.5
    X[:, :3] = np.eye(3)[np.arange(N) % 3] * 2
    X[-1] = 0
    users = 150
    rows = [random.choice(np.arange(u % 3, 54, 3), 6, replace=False) for u in range(users)]
    if mixed:
        rows = [random.choice(54, 6, replace=False) for _ in range(users)]
    items = Vocabulary.of(range(N))
    log = Interactions(
        Vocabulary.of(range(users)),
        items,
        np.repeat(np.arange(users, dtype=np.int32), 5),
        np.concatenate([r[:5] for r in rows]).astype(np.int32),
        np.ones(5 * users, np.float32),
    )
    histories = Histories.of(log, np.arange(users, dtype=np.int32))
    cases = Cases(histories, histories.items, Ragged.of([r[5:] for r in rows]))
    block = Block("text", X, np.arange(N) < N - 1, Origin("made"))
    return Training(log, FeatureTable(items, {"text": block}), cases)


def family_share(model: TwoTower, items: range) -> float:
    """How many of the best third of `items` are of the family that was asked for."""
    scores = model.score(Histories.of_items(Ragged.of([[0, 3, 6], [1, 4, 7], [2, 5, 8]])))
    best = np.argsort(-scores[:, list(items)], axis=1)[:, : len(items) // 3] + items.start
    return float((best % 3 == np.arange(3)[:, None]).mean())


@pytest.mark.parametrize("hidden", [0, 16])
def test_it_learns_what_matters_and_ranks_new_items_by_it(hidden: int) -> None:
    model = TwoTower(replace(QUICK, hidden=hidden)).fit(world(), FitContext(seed=2))
    assert family_share(model, range(9, 54)) > 0.8
    # Items 54-58 were never touched: two of family 0, two of 1, one of 2.
    scores = model.score(Histories.of_items(Ragged.of([[0, 3, 6], [1, 4, 7], [2, 5, 8]])))
    assert scores[:, 54:59].argmax(1).tolist()[2] == 2
    assert set(np.argsort(-scores[0, 54:59])[:2]) == {0, 3}


def test_behaviour_without_families_teaches_none() -> None:
    assert family_share(TwoTower(QUICK).fit(world(mixed=True)), range(9, 54)) < 0.7


def test_nothing_known_scores_nothing() -> None:
    model = TwoTower(replace(QUICK, schedule=Schedule(epochs=1))).fit(world(), FitContext(seed=2))
    scores = model.score(Histories.of_items(Ragged.of([[], [59], [0]])))
    assert not scores[:2].any()
    assert scores[2, 59] == 0
    assert np.abs(scores[2, :59]).max() <= 1 / QUICK.tau + 1e-4


def test_nobody_with_two_items_is_refused() -> None:
    training = world()
    first = np.unique(training.log.user, return_index=True)[1]
    with pytest.raises(Refused, match="two items"):
        TwoTower(QUICK).fit(replace(training, log=training.log.take(first)))
