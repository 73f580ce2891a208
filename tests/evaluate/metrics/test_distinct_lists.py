"""distinct_lists@k and overlap@k, by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from palate.evaluate.metrics.distinct_lists import DistinctLists
from palate.evaluate.metrics.overlap import Overlap
from palate.tables import Rankings
from palate.testing.logs import made_log

LOG = made_log(n_items=30)


def _lists(items: list[list[int]]) -> Rankings:
    rows = np.array(items, np.int32)
    scores = np.where(rows >= 0, 0, -np.inf).astype(np.float32)
    return Rankings(np.arange(len(rows), dtype=np.int32), rows, scores)


def _distinct(items: list[list[int]], k: int = 2) -> list[float]:
    return DistinctLists(DistinctLists.Settings(k)).per_case(_lists(items), LOG).tolist()


def _overlap(items: list[list[int]], k: int = 2) -> list[float]:
    return Overlap(Overlap.Settings(k)).per_case(_lists(items), LOG).tolist()


def test_equal_lists_share_one() -> None:
    assert _distinct([[1, 2], [1, 2], [2, 1], [3, 4]]) == [0.5, 0.5, 1, 1]
    assert _distinct([[1, 2, 3], [1, 2, 4]]) == [0.5, 0.5]


def test_what_two_lists_have_in_common() -> None:
    # 1 is on two lists, 2 on three: of the two other lists, and two items each
    assert _overlap([[1, 2], [2, 1], [2, 3]]) == [3 / 4, 3 / 4, 2 / 4]
    assert _overlap([[1, 2], [1, 2]]) == [1, 1]
    assert _overlap([[1, 2], [3, 4]]) == [0, 0]


def test_empty_and_short_lists_and_one_alone() -> None:
    lists = [[1, 2], [1, -1], [-1, -1]]
    assert np.isnan(_distinct(lists)).tolist() == [False, False, True]
    assert _overlap(lists)[:2] == [0.5, 0.5]
    assert np.isnan(_overlap(lists)[2])
    assert _overlap([[1, 2]]) == [0]


@pytest.mark.parametrize("seed", range(5))
def test_the_means_are_those_of_whole_lists(seed: int) -> None:
    rng = np.random.default_rng(seed)
    items = [rng.permutation(6)[:3].tolist() for _ in range(40)]
    assert np.mean(_distinct(items, 3)) == pytest.approx(len(set(map(tuple, items))) / 40)
    pairs = [len({*a} & {*b}) / 3 for a, b in itertools.combinations(items, 2)]
    assert np.mean(_overlap(items, 3)) == pytest.approx(np.mean(pairs))
