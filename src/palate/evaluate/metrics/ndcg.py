"""NDCG: right answers, discounted by how far down they stand."""

from __future__ import annotations

from typing import ClassVar

from palate import ranks as ranking
from palate.arrays import Doubles
from palate.evaluate.metrics import counting
from palate.tables import TargetRanks


class Ndcg(counting.WithLength):
    """ndcg@k = DCG / best possible DCG, with DCG = sum of 1 / log2(1 + position) over targets
    within the first k.

    Every target is worth the same. The best possible DCG has min(targets, k) targets at the top.
    With one target a case it is 1 / log2(1 + position). Some libraries divide by the DCG of k
    targets whatever there are; theirs is lower.

    Edges: no target: NaN. Unreachable target: a miss that the best possible DCG still contains.
        Fewer candidates
    than k: the list that there is. Ties: the mean of the tied ranks is the position, so a constant
    score gains nothing by the order of the items; the result never exceeds 1.

    >>> import numpy as np
    >>> from palate.arrays import Ragged
    >>> from palate.ranks import positions
    >>> scores = np.array([[4.0, 3.0, 2.0, 1.0]], np.float32)
    >>> ranks = positions(scores, Ragged.of([[]]), Ragged.of([[0, 2]]))
    >>> Ndcg().per_case(ranks).round(4).tolist()
    [0.9197]

    Jaervelin & Kekaelaeinen, Cumulated gain-based evaluation of IR techniques, TOIS 2002.
    """

    name: ClassVar[str] = "ndcg"
    Settings = counting.AtKOrAll

    def per_case(self, ranks: TargetRanks) -> Doubles:
        """float64 [n_cases], 0 to 1."""
        return ranking.ndcg_of_mean_ranks(ranks, counting.longest(ranks, self.settings.k))


class NdcgV2(counting.WithLength):
    """ndcg@k = DCG / best possible DCG, with DCG = sum of 1 / log2(1 + rank) over targets within
    the first k.

    Every target is worth the same (see `metric.graded_ndcg.v1` where it is not). The best possible
    DCG has min(targets, k) targets at the top. Some libraries divide by the DCG of k targets
    whatever there are; theirs is lower.

    On average over all orders of tied items: a target with a items above it and t tied (itself
    among them) takes each rank from a + 1 to a + t with probability 1 / t, and the metric is a sum
    over targets, so the average is exact however many targets are tied.
    `metric.ndcg.v1` took the mean rank.

    Edges: no target: NaN. Unreachable target: a miss that the best possible DCG still contains.
    Fewer candidates than k: the list that there is.

    >>> import numpy as np
    >>> from palate.arrays import Ragged
    >>> from palate.ranks import positions
    >>> scores = np.array([[4.0, 3.0, 3.0, 1.0]], np.float32)
    >>> ranks = positions(scores, Ragged.of([[]]), Ragged.of([[1]]))
    >>> NdcgV2().per_case(ranks).round(4).tolist()
    [0.5655]

    Jaervelin & Kekaelaeinen, Cumulated gain-based evaluation of IR techniques, TOIS 2002; McSherry
    & Najork, Computing information retrieval performance measures efficiently in the presence of
    tied scores, ECIR 2008.
    """

    name: ClassVar[str] = "ndcg"
    Settings = counting.AtKOrAll

    def per_case(self, ranks: TargetRanks) -> Doubles:
        """float64 [n_cases], 0 to 1."""
        return ranking.ndcg(ranks, counting.longest(ranks, self.settings.k))
