"""What people did last, as lists."""

from __future__ import annotations

import numpy as np
import pytest

from palate.arrays import Ragged
from palate.errors import Refused
from palate.model.generate.real_lists import RealLists
from palate.model.generate.seqgan import SeqGanSettings
from palate.model.popularity import Popularity
from palate.tables import Cases, FeatureTable, Histories, Interactions, Training, Vocabulary

SETTINGS = SeqGanSettings(length=2, candidates=3)


def log(rows: list[list[int]]) -> Interactions:
    user = np.repeat(np.arange(len(rows)), [len(row) for row in rows]).astype(np.int32)
    item = np.array([i for row in rows for i in row], np.int32)
    time = np.concatenate([np.arange(len(row)) for row in rows])
    users, items = Vocabulary.of(range(len(rows))), Vocabulary.of(range(8))
    return Interactions(users, items, user, item, np.ones(len(user), np.float32), time)


def real(rows: list[list[int]]) -> RealLists:
    events = log(rows)
    none = Histories.of_items(Ragged.of([]))
    cases = Cases(none, none.items, none.items)
    member = Popularity().fit(Training(events, FeatureTable(events.items), cases))
    return RealLists.of(events, member, SETTINGS, 0)


def test_newest_events_but_no_more_than_half() -> None:
    found = real([[0, 1, 2, 3, 4], [5, 6], [7], [1, 2, 3]])
    assert [found.histories[i].tolist() for i in range(len(found))] == [[0, 1, 2], [5], [1, 2]]
    assert found.items.tolist() == [[3, 4], [6, -1], [3, -1]]
    assert not set(found.found.items[0].tolist()) & {0, 1, 2}


def test_ndcg_against_what_people_did() -> None:
    found = real([[0, 1, 2, 3, 4], [5, 6]])
    lists = np.array([[[3, 4], [4, 3], [3, 5], [-1, -1]], [[6, 1], [1, 6], [1, 2], [6, -1]]])
    second = 1 / np.log2(3)
    wanted = [[1, 1, 1 / (1 + second), 0], [1, second, 0, 1]]
    np.testing.assert_allclose(found.ndcg(lists), wanted)


def test_single_events_make_no_list() -> None:
    with pytest.raises(Refused, match="no user has two events"):
        real([[1], [2]])
