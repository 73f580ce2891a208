"""From requests to lists: the default recommender scores every item and keeps the best, a few
requests at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, final

import numpy as np

from palate.arrays import Floats, Ragged, Rows
from palate.errors import BadInput
from palate.ranks import check, masked, top
from palate.tables import Rankings
from palate.tables.request import Request, histories_of

if TYPE_CHECKING:
    from palate.stages import Scorer

CHUNK = 512
SCORES_AT_ONCE = 1 << 25
"""Numbers of one array of scores, 128 MB in float32; a chunk holds about three such arrays."""


@final
class ExhaustiveRecommender:
    """Lists from a scorer: every item of the catalogue is scored for every request.

    Below some hundred thousand items this is the quickest way and it misses nothing. Scores are
    made for a chunk of requests at a time and thrown away when its lists are made, so memory does
    not grow with the number of requests. Of tied items the lower row comes first. A request's time
    and context are not read.

    Args:
        scorer: A fitted model.
        n_items: Items of the catalogue that it was fitted on (or has grown to).
        chunk: Most requests that are scored at once, >= 1; by default as many as keep an array of
            scores within 128 MB, and 512 at most.

    Raises:
        BadInput: `chunk` is below 1.
    """

    def __init__(self, scorer: Scorer, n_items: int, chunk: int | None = None) -> None:
        if chunk is not None and chunk < 1:
            raise BadInput(f"chunk is {chunk}", where="chunk", allowed="whole numbers from 1 on")
        self._scorer = scorer
        self._n_items = n_items
        self._chunk = chunk or min(CHUNK, max(1, SCORES_AT_ONCE // max(n_items, 1)))

    def recommend(self, requests: Sequence[Request], k: int) -> Rankings:
        """The first k items of each request, best first.

        Args:
            requests: [n_requests].
            k: Length of the lists, >= 1; where fewer items are left, the rest is item -1 with
                score -inf.

        Raises:
            BadInput: k is below 1, a request names an item row that the catalogue does not have, or
                the scorer gives something else than [n, n_items] finite numbers. Nothing is scored
                before all requests have been looked at.
        """
        if k < 1:
            raise BadInput(f"k is {k}", where="k", allowed="whole numbers from 1 on")
        for number, request in enumerate(requests):
            request.check(self._n_items, where=f"request {number}")
        # Written into place chunk by chunk: lists of chunks joined afterwards would hold all twice.
        items = np.full((len(requests), k), -1, np.int32)
        scores = np.full((len(requests), k), -np.inf, np.float32)
        for start in range(0, len(requests), self._chunk):
            part = slice(start, start + self._chunk)
            items[part], scores[part] = self._best(requests[part], k)
        return Rankings(histories_of(requests).users, items, scores)

    def _best(self, requests: Sequence[Request], k: int) -> tuple[Rows, Floats]:
        """int32 and float32 [m, k], the first items of each request."""
        scores = self._open_scores(requests)
        candidates = requests[0].candidates if len(requests) == 1 else None
        if candidates is None:
            return top(scores, k)
        # a few items are put in order without looking at all the others, which no one may be shown
        rows = np.unique(candidates)
        found, best = top(scores[:, rows], k)
        return np.where(found >= 0, np.append(rows, -1)[found], -1).astype(np.int32), best

    def _open_scores(self, requests: Sequence[Request]) -> Floats:
        """float32 [m, n_items], -inf wherever an item may not be recommended."""
        given = np.asarray(self._scorer.score(histories_of(requests)))
        check(given, len(requests), self._n_items, where=f"model {type(self._scorer).__name__}")
        scores = masked(given, Ragged.of([request.exclude for request in requests]))
        for row, request in zip(scores, requests, strict=True):
            if request.candidates is not None:
                kept = row[request.candidates]
                row[:] = -np.inf
                row[request.candidates] = kept
        return scores
