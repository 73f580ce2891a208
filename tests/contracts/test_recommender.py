"""The default recommender keeps the contract, with any chunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np
import pytest

from palate.recommend import ExhaustiveRecommender
from palate.stages import Recommender, Scorer
from palate.tables import Rankings, Request
from palate.testing.recommender import N_ITEMS, RecommenderContract, TiedScores, made_requests


@pytest.mark.parametrize("chunk", [None, 1, 7, 41])
class TestExhaustive(RecommenderContract):
    @pytest.fixture
    def recommender(self, scores: TiedScores, chunk: int | None) -> Recommender:
        return ExhaustiveRecommender(cast(Scorer, scores), N_ITEMS, chunk)


class IncludesWhatIsExcluded:
    """The classical fault: what was seen comes again."""

    def __init__(self, recommender: Recommender) -> None:
        self.recommender = recommender

    def recommend(self, requests: Sequence[Request], k: int) -> Rankings:
        nothing = np.empty(0, np.int32)
        return self.recommender.recommend([replace(r, exclude=nothing) for r in requests], k)


def test_the_contract_notices_what_it_is_for() -> None:
    scores = TiedScores()
    broken = IncludesWhatIsExcluded(ExhaustiveRecommender(cast(Scorer, scores), N_ITEMS))
    assert len(made_requests()) == 41
    with pytest.raises(AssertionError):
        RecommenderContract().test_the_best_of_what_is_left_the_lower_row_first(broken, scores, 5)
