"""Lists as a run's slate puts them together out of a model's best items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, final

import numpy as np

from palate.arrays import Floats, Rows
from palate.fit.slates import RunSlate, SlateContent
from palate.stages import Recommender
from palate.tables import Rankings, Request

TOGETHER: Final = 512
"""Requests that are worked on together, so that memory does not grow with their number."""


@final
class SlatedRecommender:
    """A list of k items out of the model's best `slate.candidates`, or k if that is more; in the
    order of the slate, each with the model's score.

    Args:
        recommender: The model's lists.
        slate: Of the run.
        about: What is known of the items that the recommender knows.
    """

    def __init__(self, recommender: Recommender, slate: RunSlate, about: SlateContent) -> None:
        self._recommender, self._slate, self._about = recommender, slate, about

    def recommend(self, requests: Sequence[Request], k: int) -> Rankings:
        """The list of each request.

        Args:
            requests: [n_requests].
            k: Length of the lists, >= 1; where fewer items are left, the rest is item -1 with
                score -inf.

        Raises:
            BadInput: k is below 1, or a request names an item row that the catalogue does not have.
            Refused: No list keeps the limits of the slate.
        """
        users = np.full(len(requests), -1, np.int32)
        items: Rows = np.full((len(requests), k), -1, np.int32)
        scores: Floats = np.full((len(requests), k), -np.inf, np.float32)
        pool = min(max(k, self._slate.candidates), len(self._about.shares))
        for start in range(0, len(requests), TOGETHER):
            found = self._recommender.recommend(requests[start : start + TOGETHER], pool)
            users[start : start + TOGETHER] = found.users
            for case, request in enumerate(requests[start : start + TOGETHER]):
                listed = found.items[case] >= 0
                own, given = found.items[case, listed], found.scores[case, listed]
                history = request.history.items.values
                order = self._slate.order(self._about, own, given, history, k)
                items[start + case, : len(order)] = own[order]
                scores[start + case, : len(order)] = given[order]
        return Rankings(users, items, scores)
