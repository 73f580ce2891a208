"""What every recommender must keep: the best items that may be recommended, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import pytest

from palate.arrays import Floats, Ragged, Rows
from palate.errors import BadInput
from palate.seeding import generator
from palate.stages import Recommender
from palate.tables import Histories
from palate.tables.request import Request, histories_of

N_ITEMS = 60


class HistoryScores(Protocol):
    """The part of a scorer that a recommender needs."""

    def score(self, histories: Histories) -> Floats:
        """float32 [n_cases, n_items]."""
        ...


class TiedScores:
    """Scores of `N_ITEMS` items that follow from the history alone, with many ties; it notes how
    much was asked at once.

    Attributes:
        largest: Most numbers that one call gave.
    """

    def __init__(self) -> None:
        self.largest = 0

    def score(self, histories: Histories) -> Floats:
        """float32 [n_cases, N_ITEMS] of whole numbers from 0 to 8, the same in any company."""
        item = np.arange(N_ITEMS)
        seeds = [
            int(items.sum()) + len(items)
            for items in map(histories.items.__getitem__, range(len(histories)))
        ]
        rows = [((item * (3 + seed) + seed) % 31) % 9 for seed in seeds]
        scores = np.array(rows, np.float32).reshape(len(histories), N_ITEMS)
        self.largest = max(self.largest, scores.size)
        return scores


def made_requests(n: int = 40) -> list[Request]:
    """Requests with and without history, exclusions, allow-lists, times and contexts."""
    rng = generator(0, "made requests")
    requests = []
    for number in range(n):
        size = number % 6  # every sixth has done nothing yet
        items = rng.integers(0, N_ITEMS, size).astype(np.int32)
        history = Histories.of_items(Ragged.of([items]))
        request = Request.unseen(history) if number % 2 else Request(history)
        if number % 5 == 3:
            some: Rows = rng.choice(N_ITEMS, 7, replace=False).astype(np.int32)
            request = replace(request, candidates=some)
        if number % 4 == 1:
            request = replace(request, time=1_700_000_000, context={"device": "phone"})
        requests.append(request)
    requests.append(replace(requests[0], candidates=np.empty(0, np.int32)))
    return requests


class RecommenderContract:
    """Give the recommender by overriding `recommender`, over the scores that it is handed."""

    @pytest.fixture
    def scores(self) -> TiedScores:
        """What the recommender ranks by."""
        return TiedScores()

    @pytest.fixture
    def recommender(self, scores: TiedScores) -> Recommender:
        """The recommender that is tried, over `N_ITEMS` items."""
        raise NotImplementedError("give the recommender: override the fixture `recommender`")

    @pytest.mark.parametrize("k", [1, 5, N_ITEMS, N_ITEMS + 9])
    def test_the_best_of_what_is_left_the_lower_row_first(
        self, recommender: Recommender, scores: TiedScores, k: int
    ) -> None:
        """The lists of a plain sort, whatever is tied; -1 and -inf where nothing is left."""
        requests = made_requests()
        found = recommender.recommend(requests, k)
        dense = scores.score(histories_of(requests))
        assert found.items.shape == found.scores.shape == (len(requests), k)
        for row, request in enumerate(requests):
            allowed = range(N_ITEMS) if request.candidates is None else request.candidates.tolist()
            left = set(allowed) - set(request.exclude.tolist())
            wanted = sorted(left, key=lambda item: (-dense[row, item], item))[:k]
            rest = k - len(wanted)
            assert found.items[row].tolist() == [*wanted, *[-1] * rest]
            assert found.scores[row].tolist() == [*dense[row, wanted], *[-np.inf] * rest]

    def test_each_request_alone_gets_the_same(self, recommender: Recommender) -> None:
        """Company and order change nothing."""
        requests = made_requests()
        together = recommender.recommend(requests, 7)
        for row in (0, 3, 11, len(requests) - 1):
            alone = recommender.recommend([requests[row]], 7)
            assert alone.items[0].tolist() == together.items[row].tolist()
            assert alone.scores[0].tolist() == together.scores[row].tolist()

    def test_users_stand_beside_their_lists(self, recommender: Recommender) -> None:
        """The row of a known user, -1 for somebody else."""
        known = Histories(np.array([4], np.int32), Ragged.of([[1]]), np.ones(1, np.float32))
        unknown = Histories.of_items(Ragged.of([[1]]))
        found = recommender.recommend([Request(known), Request(unknown)], 2)
        assert found.users.tolist() == [4, -1]

    def test_no_requests_give_no_lists(self, recommender: Recommender) -> None:
        """An empty batch is a batch."""
        assert recommender.recommend([], 3).items.shape == (0, 3)

    def test_requests_are_left_alone(self, recommender: Recommender) -> None:
        """Nothing of a request changes."""
        request = Request.unseen(
            Histories.of_items(Ragged.of([[5, 2]])), np.arange(9, dtype=np.int32)
        )
        recommender.recommend([request], 3)
        assert request.candidates is not None
        assert request.candidates.tolist() == list(range(9))
        assert request.exclude.tolist() == request.history.items.values.tolist() == [5, 2]

    @pytest.mark.parametrize("k", [0, -3])
    def test_lists_of_no_length_are_refused(self, recommender: Recommender, k: int) -> None:
        """k starts at 1."""
        with pytest.raises(BadInput, match=f"k is {k}"):
            recommender.recommend(made_requests(3), k)

    @pytest.mark.parametrize("row", [-1, N_ITEMS])
    @pytest.mark.parametrize("where", ["history", "candidates", "exclude"])
    def test_item_rows_that_do_not_exist_are_refused(
        self, recommender: Recommender, where: str, row: int
    ) -> None:
        """With the request and the field; -1 is no row and not the last one."""
        sound = Request(Histories.of_items(Ragged.of([[1]])))
        rows = np.array([3, row], np.int32)
        value = Histories.of_items(Ragged.of([rows])) if where == "history" else rows
        changed: dict[str, Any] = {where: value}
        with pytest.raises(BadInput, match=f"no item row {row}") as caught:
            recommender.recommend([sound, replace(sound, **changed)], 3)
        assert caught.value.where == f"request 1.{where}"
