"""Recall: the share of the right answers that the list holds."""

from __future__ import annotations

from typing import ClassVar

from palate.arrays import Doubles
from palate.evaluate.metrics import counting
from palate.tables import TargetRanks


class Recall(counting.WithLength):
    """recall@k = (targets within the first k) / (targets).

    A case with more than k targets cannot reach 1; `metric.ndcg.v1` divides by what is possible.
    With one target a case it equals `metric.hit.v1`.

    Edges: no target: NaN. Unreachable target: a miss, counted below the line. Fewer than k
        candidates: the list
    that there is. Ties: a target counts if the mean of its tied ranks is at most k.

    >>> import numpy as np
    >>> from palate.arrays import Ragged
    >>> from palate.ranks import positions
    >>> scores = np.array([[4.0, 3.0, 2.0, 1.0]], np.float32)
    >>> ranks = positions(scores, Ragged.of([[]]), Ragged.of([[0, 3]]))
    >>> Recall(Recall.Settings(k=2)).per_case(ranks).tolist()
    [0.5]
    """

    name: ClassVar[str] = "recall"
    Settings = counting.AtK

    def per_case(self, ranks: TargetRanks) -> Doubles:
        """float64 [n_cases], 0 to 1."""
        return counting.hits(ranks, self.settings.k) / counting.wanted(ranks)


class RecallV2(counting.WithLength):
    """recall@k = (targets within the first k) / (targets).

    A case with more than k targets cannot reach 1; `metric.ndcg.v2` divides by what is possible.
    With one target a case it equals `metric.hit.v2`.

    On average over all orders of tied items: a target with a items above it and t tied (itself
    among them) takes each rank from a + 1 to a + t with probability 1 / t, and the metric is a sum
    over targets, so the average is exact however many targets are tied.
    `metric.recall.v1` took the mean rank.

    Edges: no target: NaN. Unreachable target: a miss, counted below the line. Fewer than k
    candidates: the list that there is.

    >>> import numpy as np
    >>> from palate.arrays import Ragged
    >>> from palate.ranks import positions
    >>> scores = np.array([[4.0, 3.0, 3.0, 1.0]], np.float32)
    >>> ranks = positions(scores, Ragged.of([[]]), Ragged.of([[1, 3]]))
    >>> RecallV2(RecallV2.Settings(k=2)).per_case(ranks).round(4).tolist()
    [0.25]
    """

    name: ClassVar[str] = "recall"
    Settings = counting.AtK

    def per_case(self, ranks: TargetRanks) -> Doubles:
        """float64 [n_cases], 0 to 1."""
        return counting.expected_hits(ranks, self.settings.k) / counting.wanted(ranks)
