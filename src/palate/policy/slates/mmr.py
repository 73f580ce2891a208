"""An order in which good candidates that resemble those before them come later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, final

import numpy as np
from annotated_types import Ge, Le

from palate.acting import TradesAccuracy
from palate.arrays import Rows
from palate.policy.slates.relevance import length, relevance
from palate.tables.slate import SlateCandidates


@dataclass(frozen=True)
class MmrSettings:
    """What counts how much."""

    diversity: Annotated[float, Ge(0), Le(1)] = 0.3
    """0: by score alone; 1: by unsimilarity alone, after the first one."""


@final
class Mmr(TradesAccuracy):
    """Maximal marginal relevance: one candidate after the other, each the best in
    (1 - diversity) * relevance - diversity * its greatest similarity to one before it.

    Relevance is the score on a line from 1 for the best candidate to 0 for the last; similarity
    below 0 counts as 0. It keeps off the nearest one of the list; `slate.dpp.v1` weighs how far all
    of it spans a candidate.

    Args:
        settings: See `MmrSettings`.

    Cost: k columns of similarity, n d each.

    Carbonell & Goldstein, The use of MMR, diversity-based reranking for reordering documents and
    producing summaries, SIGIR 1998.

    >>> alike = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], np.float32)
    >>> three = SlateCandidates(np.array([9, 8, 1], np.float32), similarity=alike)
    >>> Mmr(MmrSettings(0.6)).order(three, 3).tolist()
    [0, 2, 1]
    """

    Settings = MmrSettings
    trade: ClassVar[str] = "diversity"

    def __init__(self, settings: MmrSettings | None = None) -> None:
        self.settings = settings or MmrSettings()

    def order(self, candidates: SlateCandidates, k: int) -> Rows:
        """int32 [min(k, n)], in the order in which they are shown; of tied ones the first comes
        first.
        """
        n, weight = len(candidates), self.settings.diversity
        of_score = (1 - weight) * relevance(candidates)
        before = np.zeros(n) if candidates.before is None else np.maximum(candidates.before, 0)
        left, order = np.ones(n, np.bool_), list[int]()
        for _ in range(length(candidates, k)):
            best = int(np.argmax(np.where(left, of_score - weight * before, -np.inf)))
            order.append(best)
            left[best] = False
            before = np.maximum(before, candidates.similar_to(best))
        return np.array(order, np.int32)
