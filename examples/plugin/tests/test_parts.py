"""The contract suites of palate, and the figures that the docstrings promise."""

from __future__ import annotations

import numpy as np
import pytest
from palate_next.metric import First
from palate_next.scorer import NextItem

from palate.plugin import Histories, Ragged, TargetRanks
from palate.testing.metric import MetricContract
from palate.testing.scorer import ScorerContract, made_training


class TestNextItem(ScorerContract):
    @pytest.fixture
    def part(self) -> NextItem:
        return NextItem()

    def test_the_last_item_decides(self) -> None:
        scorer = NextItem().fit(made_training())
        one, other, empty = scorer.score(Histories.of_items(Ragged.of([[1, 5], [9, 5], []])))
        assert np.array_equal(one, other)
        assert not np.array_equal(one, empty)


class TestFirst(MetricContract):
    @pytest.fixture
    def part(self) -> First:
        return First()

    def test_by_hand(self) -> None:
        ranks = TargetRanks(
            case=np.array([0, 0, 1, 2], np.int32),
            item=np.array([4, 7, 4, 1], np.int32),
            position=np.array([3.0, 1.0, 2.0, np.inf]),
            n_candidates=np.full(4, 9),
        )
        assert First().per_case(ranks).tolist()[:3] == [1.0, 0.5, 0.0]
        assert np.isnan(First().per_case(ranks)[3])
