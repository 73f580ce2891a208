"""Graded NDCG: right answers that are worth more or less, discounted by how far down they stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Ge

from palate.arrays import Doubles
from palate.errors import BadInput
from palate.evaluate.metrics import counting
from palate.ranks import discounts, mean_over_ties
from palate.tables import TargetRanks


@dataclass(frozen=True)
class GradedNdcgSettings:
    """Length of the list, and what a value is worth."""

    k: Annotated[int, Ge(1)] | None = 10
    """Length of the list; None: the whole ranking."""
    gain: Literal["exponential", "linear"] = "exponential"
    """What a target of value v is worth: 2^v - 1, or v. Values below 0 are worth nothing."""


class GradedNdcg(counting.WithLength):
    """graded_ndcg@k = DCG / best possible DCG, with DCG = sum of gain / log2(1 + rank) over targets
    within the first k.

    For logs whose values say how much somebody liked an item, such as stars; where all values are
    alike it is `metric.ndcg.v2`. The best possible DCG has the targets of most gain at the top.
    Values of hundreds (plays, seconds) want the linear gain: 2^v of these is one target alone.

    On average over all orders of tied items, exact as in `metric.ndcg.v2`.

    Edges: no target, or none of any gain: NaN. Unreachable target: a miss that the best possible
    DCG still contains.

    Raises:
        BadInput: The cases say no values.

    >>> ranks = TargetRanks(
    ...     np.array([0, 0]), np.array([5, 7]), np.array([1.0, 2.0]), np.array([9]),
    ...     value=np.array([1.0, 2.0]),
    ... )
    >>> GradedNdcg().per_case(ranks).round(4).tolist()
    [0.7967]

    Burges et al., Learning to rank using gradient descent, ICML 2005 (the exponential gain).
    """

    name: ClassVar[str] = "graded_ndcg"
    Settings = GradedNdcgSettings

    def per_case(self, ranks: TargetRanks) -> Doubles:
        """float64 [n_cases], 0 to 1."""
        if ranks.value is None:
            raise BadInput(
                "targets without values",
                where=self.label,
                next_step="rank cases that a splitter made, or measure ndcg",
            )
        value = np.maximum(ranks.value, 0.0)
        gain = value if self.settings.gain == "linear" else np.exp2(value) - 1
        k = counting.longest(ranks, self.settings.k)
        by_rank = discounts(k)
        dcg = np.bincount(ranks.case, gain * mean_over_ties(ranks, by_rank), ranks.n_cases)
        order = np.lexsort((-gain, ranks.case))
        case = ranks.case[order]
        starts = np.searchsorted(case, np.arange(ranks.n_cases))
        place = np.minimum(np.arange(len(case)) - starts[case], k)
        ideal = gain[order] * np.append(by_rank, 0.0)[place]
        best = np.bincount(case, ideal, ranks.n_cases)
        share = np.divide(dcg, best, out=np.full(len(best), np.nan), where=best > 0)
        return np.asarray(np.minimum(share, 1.0), np.float64)
