"""Memory, bad scorers and agreement with evaluation; the rest is the contract's."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest

from palate import recommend
from palate.data.splits.ratio import Ratio
from palate.errors import BadInput
from palate.evaluate.ranking import rank
from palate.model.cooccurrence import Cooccurrence
from palate.recommend import ExhaustiveRecommender
from palate.stages import Scorer
from palate.tables import FeatureTable, Histories, Training
from palate.tables.request import Request
from palate.testing.logs import made_log
from palate.testing.recommender import N_ITEMS, TiedScores, made_requests


@pytest.mark.parametrize("chunk", [1, 4, 9])
def test_users_times_items_is_never_held(chunk: int) -> None:
    scores = TiedScores()
    ExhaustiveRecommender(cast(Scorer, scores), N_ITEMS, chunk).recommend(made_requests(50), 5)
    assert scores.largest == chunk * N_ITEMS


def test_the_chunk_keeps_an_array_of_scores_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recommend, "SCORES_AT_ONCE", 3 * N_ITEMS + 1)
    scores = TiedScores()
    ExhaustiveRecommender(cast(Scorer, scores), N_ITEMS).recommend(made_requests(50), 5)
    assert scores.largest == 3 * N_ITEMS


def test_a_catalogue_larger_than_the_limit_is_scored_request_by_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recommend, "SCORES_AT_ONCE", 10)
    scores = TiedScores()
    ExhaustiveRecommender(cast(Scorer, scores), N_ITEMS).recommend(made_requests(5), 5)
    assert scores.largest == N_ITEMS


def test_the_lists_are_those_of_evaluation() -> None:
    split = Ratio().split(made_log(), 0)
    training = Training(split.train, FeatureTable(split.train.items), split.validation)
    scorer = Cooccurrence().fit(training)
    one = np.arange(len(split.test.open("inspect")))
    requests = [
        Request(
            split.test.open("inspect").histories.take(one[i : i + 1]),
            exclude=split.test.open("inspect").seen[i],
        )
        for i in one
    ]
    found = ExhaustiveRecommender(scorer, split.train.n_items).recommend(requests, 10)
    _, lists = rank(scorer, split.test.open("inspect"), 10)
    assert found.items.tolist() == lists.items.tolist()
    assert found.users.tolist() == lists.users.tolist()
    np.testing.assert_allclose(found.scores, lists.scores, rtol=1e-6)


class NotNumbers(TiedScores):
    def score(self, histories: Histories) -> np.ndarray:
        return np.full((len(histories), N_ITEMS), np.nan, np.float32)


def test_a_bad_scorer_is_named() -> None:
    with pytest.raises(BadInput, match="is nan") as caught:
        ExhaustiveRecommender(cast(Scorer, NotNumbers()), N_ITEMS).recommend(made_requests(2), 3)
    assert caught.value.where == "model NotNumbers"
    with pytest.raises(BadInput, match="shape"):
        ExhaustiveRecommender(cast(Scorer, TiedScores()), N_ITEMS + 1).recommend(
            made_requests(2), 3
        )


def test_a_chunk_of_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match="chunk is 0"):
        ExhaustiveRecommender(cast(Scorer, TiedScores()), N_ITEMS, 0)
