"""Two stages give the lists of the exhaustive way, as far as what is promising goes."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from palate.arrays import Floats, Ragged, Rows
from palate.capabilities import PartialScores, ScoresSome
from palate.errors import BadInput
from palate.model.partial_scores import AllScores
from palate.recommend import ExhaustiveRecommender
from palate.stages import Recommender, Scorer
from palate.tables import Histories
from palate.tables.request import Request
from palate.testing.recommender import N_ITEMS, RecommenderContract, TiedScores, made_requests
from palate.two_stage import TwoStageRecommender


class Promising(ScoresSome):
    """Tied scores that tell some alone, and how many were asked for."""

    def __init__(self) -> None:
        self.all = TiedScores()
        self.asked = list[int]()

    def score(self, histories: Histories) -> Floats:
        self.asked.append(len(histories) * N_ITEMS)
        return self.all.score(histories)

    def partly(self, histories: Any) -> PartialScores:
        known = AllScores(self.all.score(histories))
        return cast(PartialScores, Noted(known, self.asked))


class Noted:
    def __init__(self, known: AllScores, asked: list[int]) -> None:
        self.known, self.asked = known, asked

    def of(self, case: Rows, item: Rows) -> Floats:
        self.asked.append(len(item))
        return self.known.of(case, item)

    def promising(self, most: int, factor: Floats | None = None) -> Ragged:
        return self.known.promising(most, factor)


def recommender_of(scorer: Any, retrieve: int, always: Rows | None = None) -> TwoStageRecommender:
    return TwoStageRecommender(cast(Scorer, scorer), N_ITEMS, retrieve, always)


@pytest.mark.parametrize("retrieve", [0, N_ITEMS])
class TestAllRetrieved(RecommenderContract):
    @pytest.fixture
    def recommender(self, scores: TiedScores, retrieve: int) -> Recommender:
        scorer = Promising()
        scorer.all = scores
        return recommender_of(scorer, retrieve)


@pytest.mark.parametrize("retrieve", [0, 20])
def test_the_same_lists_where_the_best_are_promising(retrieve: int) -> None:
    requests = made_requests()
    whole = ExhaustiveRecommender(cast(Scorer, TiedScores()), N_ITEMS).recommend(requests, 5)
    found = recommender_of(Promising(), retrieve).recommend(requests, 5)
    np.testing.assert_array_equal(found.scores, whole.scores)
    # of the items that tie with the last promising one, others may be on the list
    clear = whole.scores > whole.scores[:, -1:]
    np.testing.assert_array_equal(found.items[clear], whole.items[clear])


def request(items: list[int], **more: Any) -> Request:
    return Request(Histories.of_items(Ragged.of([items])), **more)


def test_candidates_alone_are_looked_at() -> None:
    scorer = Promising()
    candidates = np.array([9, 4, 4, 30], np.int32)
    found = recommender_of(scorer, 0).recommend([request([1, 2], candidates=candidates)], 4)
    assert sorted(found.items[0][:3].tolist()) == [4, 9, 30]
    assert found.items[0][3] == -1
    assert scorer.asked == [3]


def test_all_items_are_looked_at_where_too_few_are_promising() -> None:
    scorer = Promising()
    requests = [request([1], exclude=np.arange(55, dtype=np.int32)), request([1, 2])]
    found = recommender_of(scorer, 8).recommend(requests, 5)
    whole = ExhaustiveRecommender(cast(Scorer, TiedScores()), N_ITEMS).recommend(requests, 5)
    np.testing.assert_array_equal(found.items[0], whole.items[0])
    assert N_ITEMS in scorer.asked  # of the first request alone


def test_some_rows_are_looked_at_always() -> None:
    scorer = Promising()
    recommender_of(scorer, 8, np.array([57, 58, 59], np.int32)).recommend([request([1])], 5)
    assert scorer.asked[0] in range(9, 12)


def test_a_scorer_of_all_items_is_asked_for_all() -> None:
    requests = [request([1, 2]), request([3], candidates=np.array([1], np.int32))]
    whole = ExhaustiveRecommender(cast(Scorer, TiedScores()), N_ITEMS).recommend(requests, 5)
    found = recommender_of(TiedScores(), 8).recommend(requests, 5)
    np.testing.assert_array_equal(found.items, whole.items)
    np.testing.assert_array_equal(found.scores, whole.scores)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(BadInput, match="retrieve"):
        recommender_of(TiedScores(), -1)
    with pytest.raises(BadInput, match="k is 0"):
        recommender_of(TiedScores(), 8).recommend([request([1])], 0)
