"""Every scorer that puts lists together keeps the contract of lists, beside that of scorers."""

from __future__ import annotations

import numpy as np
import pytest
from tests.contracts.test_scorer import QUICK

from palate import ranks, registry
from palate.model.cooccurrence import Cooccurrence
from palate.model.generate.list_scorer import ListScorer
from palate.stages import FitContext, Scorer
from palate.tables import Histories
from palate.testing.scorer import made_training

LENGTH = 5
PARTS = [
    name for name in registry.names("scorer") if issubclass(registry.part_class(name), ListScorer)
]


@pytest.fixture(scope="module", params=PARTS)
def lists(request: pytest.FixtureRequest) -> tuple[Scorer, Scorer, Histories]:
    training = made_training()
    member = Cooccurrence().fit(training)
    table = {"part": request.param, **QUICK[request.param], "length": LENGTH, "candidates": 20}
    model: Scorer = registry.spec(table, "scorer").build()
    model.fit(training, FitContext(members={"member": member}))
    return model, member, Histories.of(training.log, np.arange(training.log.n_users))


def test_all_generators_are_tried() -> None:
    assert len(PARTS) == 4


def test_a_list_stands_above_all_else(lists: tuple[Scorer, Scorer, Histories]) -> None:
    model, _, histories = lists
    scores = model.score(histories)
    listed = scores >= 1
    assert (listed.sum(axis=1) == LENGTH).all()
    assert (scores[~listed] <= -1).all()
    found = np.sort(scores[listed].reshape(len(scores), LENGTH), axis=1)
    np.testing.assert_allclose(
        found, np.broadcast_to(2 - np.arange(LENGTH)[::-1] / LENGTH, found.shape)
    )


def test_nothing_of_the_history_is_listed(lists: tuple[Scorer, Scorer, Histories]) -> None:
    model, _, histories = lists
    had = histories.items.mask(model.score(histories).shape[1])
    assert not (had & (model.score(histories) >= 1)).any()


def test_a_list_is_made_of_candidates(lists: tuple[Scorer, Scorer, Histories]) -> None:
    model, member, histories = lists
    best = ranks.top(ranks.masked(member.score(histories), histories.items), 20)[0]
    listed = ranks.top(ranks.masked(model.score(histories), histories.items), LENGTH)[0]
    assert all(
        set(mine) <= set(theirs)
        for mine, theirs in zip(listed.tolist(), best.tolist(), strict=True)
    )


def test_behind_the_list_the_member_decides(lists: tuple[Scorer, Scorer, Histories]) -> None:
    model, member, histories = lists
    scores, of_member = model.score(histories), member.score(histories)
    for mine, theirs in zip(scores, of_member, strict=True):
        rest = np.flatnonzero(mine < 1)
        order = rest[np.argsort(-theirs[rest], kind="stable")]
        assert (np.diff(mine[order]) <= 0).all()
