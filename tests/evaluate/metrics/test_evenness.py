"""evenness@k, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from palate.evaluate.metrics.evenness import Evenness
from palate.tables import Rankings
from palate.testing.logs import made_log

LOG = made_log(n_items=4, repeats=True)


def _lists(items: list[list[int]]) -> Rankings:
    rows = np.array(items, np.int32)
    scores = np.where(rows >= 0, 0, -np.inf).astype(np.float32)
    return Rankings(np.arange(len(rows), dtype=np.int32), rows, scores)


def _evenness(items: list[list[int]], k: int) -> float:
    found = Evenness(Evenness.Settings(k)).per_case(_lists(items), LOG)
    return float(np.nanmean(found))


def test_one_item_for_all_and_all_items_alike() -> None:
    assert _evenness([[0], [0], [0]], 1) == pytest.approx(0.25)
    assert _evenness([[0, 1], [2, 3]], 2) == pytest.approx(1)


def test_it_is_1_less_gini_also_with_short_and_empty_lists() -> None:
    lists = [[0, 1, 2], [0, 1, -1], [0, -1, -1], [-1, -1, -1]]
    counts = np.sort([3, 2, 1, 0])
    gini = (2 * np.arange(1, 5) - 5) @ counts / (4 * counts.sum())
    assert _evenness(lists, 3) == pytest.approx(1 - gini)
    shares = Evenness(Evenness.Settings(3)).per_case(_lists(lists), LOG)
    assert np.isnan(shares).tolist() == [False, False, False, True]
