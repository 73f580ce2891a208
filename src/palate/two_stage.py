"""From requests to lists in two stages: promising items are retrieved, and only they are scored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, final

import numpy as np

from palate.arrays import Floats, Ragged, Rows
from palate.capabilities import PartialScores, ScoresSome
from palate.errors import BadInput
from palate.ranks import check
from palate.recommend import ExhaustiveRecommender
from palate.tables import Rankings
from palate.tables.request import Request, histories_of

if TYPE_CHECKING:
    from palate.stages import Scorer

FEW: Final = 0.1
"""Share of the catalogue up to which candidates are scored by themselves."""


@final
class TwoStageRecommender:
    """Lists from a scorer that tells the scores of some items alone (`ScoresSome`).

    Given candidates are scored and nothing else is, with the result of
    `palate.recommend.ExhaustiveRecommender` up to rounding. Without candidates the model names
    promising items, some hundreds, which are then scored in full: a list may miss an item that no
    part of the model finds promising, so this is for catalogues in which looking at every item
    takes too long. What cannot be answered so (many candidates, too few promising items that may be
    recommended, another scorer) is answered by looking at all items.

    Args:
        scorer: A fitted model.
        n_items: Items of the catalogue that it was fitted on (or has grown to).
        retrieve: Items that are retrieved from each part of the model, >= 1; 0: none, all items are
            looked at where there are no candidates.
        always: int32, rows that are looked at whether they are promising or not.

    Raises:
        BadInput: `retrieve` is below 0.
    """

    def __init__(
        self, scorer: Scorer, n_items: int, retrieve: int, always: Rows | None = None
    ) -> None:
        if retrieve < 0:
            raise BadInput(
                f"retrieve is {retrieve}", where="retrieve", allowed="whole numbers from 0 on"
            )
        self._scorer, self._n_items, self._retrieve = scorer, n_items, retrieve
        self._always = np.empty(0, np.int32) if always is None else always

    def recommend(self, requests: Sequence[Request], k: int) -> Rankings:
        """The first k items of each request, best first.

        Args:
            requests: [n_requests].
            k: Length of the lists, >= 1; where fewer items are left, the rest is item -1 with
                score -inf.

        Raises:
            BadInput: As `ExhaustiveRecommender.recommend`.
        """
        if k < 1:
            raise BadInput(f"k is {k}", where="k", allowed="whole numbers from 1 on")
        for number, request in enumerate(requests):
            request.check(self._n_items, where=f"request {number}")
        items = np.full((len(requests), k), -1, np.int32)
        scores = np.full((len(requests), k), -np.inf, np.float32)
        quick = [number for number, request in enumerate(requests) if self._is_quick(request)]
        done = self._by_some([requests[number] for number in quick], k) if quick else []
        left = set(range(len(requests)))
        for number, found in zip(quick, done, strict=True):
            if found is not None:
                items[number, : len(found[0])], scores[number, : len(found[0])] = found
                left.discard(number)
        if left:
            rest = sorted(left)
            every = ExhaustiveRecommender(self._scorer, self._n_items)
            whole = every.recommend([requests[number] for number in rest], k)
            items[rest], scores[rest] = whole.items, whole.scores
        return Rankings(histories_of(requests).users, items, scores)

    def _is_quick(self, request: Request) -> bool:
        if not isinstance(self._scorer, ScoresSome) or not len(request.history.items.values):
            return False
        if request.candidates is None:
            return self._retrieve > 0
        return len(request.candidates) <= FEW * self._n_items

    def _by_some(self, requests: Sequence[Request], k: int) -> list[tuple[Rows, Floats] | None]:
        """The list of each request; None where all items have to be looked at."""
        assert isinstance(self._scorer, ScoresSome)  # noqa: S101 - see `_is_quick`
        partly = self._scorer.partly(histories_of(requests))
        looked_at = Ragged.of(self._looked_at(requests, partly))
        given = partly.of(looked_at.row_of_value(), looked_at.values)
        check(given[None], 1, where=f"model {type(self._scorer).__name__}")
        found = list[tuple[Rows, Floats] | None]()
        for number, request in enumerate(requests):
            span = slice(looked_at.offsets[number], looked_at.offsets[number + 1])
            best = _best(looked_at.values[span], given[span], request.exclude, k)
            enough = request.candidates is not None or len(best[0]) == min(k, self._n_items)
            found.append(best if enough else None)
        return found

    def _looked_at(self, requests: Sequence[Request], partly: PartialScores) -> list[Rows]:
        """int32, for each request, ascending."""
        free = any(request.candidates is None for request in requests)
        promising = partly.promising(self._retrieve) if free else None
        lists = []
        for number, request in enumerate(requests):
            if request.candidates is not None:
                lists.append(np.unique(request.candidates).astype(np.int32))
            elif promising is not None:
                some = promising[number]
                lists.append(np.union1d(some, self._always) if len(self._always) else some)
        return lists


def _best(items: Rows, scores: Floats, exclude: Rows, k: int) -> tuple[Rows, Floats]:
    """int32 and float32 [<= k], the best of the `items` [n], which ascend, without some."""
    if not len(items):
        return items, scores
    place = np.minimum(np.searchsorted(items, exclude), len(items) - 1)
    falling = -scores
    falling[place[items[place] == exclude]] = np.inf
    order = np.argsort(falling, kind="stable")[:k]
    order = order[falling[order] < np.inf]
    return items[order], scores[order]
