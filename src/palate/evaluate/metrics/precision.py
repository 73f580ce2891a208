"""Precision: the share of the list that is right."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from palate.arrays import Doubles
from palate.evaluate.metrics import counting
from palate.tables import TargetRanks


class Precision(counting.WithLength):
    """precision@k = (targets within the first k) / k.

    The line below is k even where fewer items could be recommended (the ranks are wasted). With
    one target a case it is recall@k / k and adds nothing new.

    Edges: no target: NaN. Unreachable target: a miss. Ties: a target counts if the mean of its tied
    ranks is at most k; at most k count.

    >>> import numpy as np
    >>> from palate.arrays import Ragged
    >>> from palate.ranks import positions
    >>> scores = np.array([[4.0, 3.0, 2.0, 1.0]], np.float32)
    >>> ranks = positions(scores, Ragged.of([[]]), Ragged.of([[0, 1]]))
    >>> Precision(Precision.Settings(k=4)).per_case(ranks).tolist()
    [0.5]
    """

    name: ClassVar[str] = "precision"
    Settings = counting.AtK

    def per_case(self, ranks: TargetRanks) -> Doubles:
        """float64 [n_cases], 0 to 1."""
        share = counting.hits(ranks, self.settings.k) / self.settings.k
        return np.where(ranks.n_targets() > 0, share, np.nan)


class PrecisionV2(counting.WithLength):
    """precision@k = (targets within the first k) / k.

    The line below is k even where fewer items could be recommended (the ranks are wasted). With
    one target a case it is recall@k / k and adds nothing new.

    On average over all orders of tied items: a target with a items above it and t tied (itself
    among them) takes each rank from a + 1 to a + t with probability 1 / t, and the metric is a sum
    over targets, so the average is exact however many targets are tied.
    `metric.precision.v1` took the mean rank.

    Edges: no target: NaN. Unreachable target: a miss.

    >>> import numpy as np
    >>> from palate.arrays import Ragged
    >>> from palate.ranks import positions
    >>> scores = np.array([[4.0, 3.0, 3.0, 1.0]], np.float32)
    >>> ranks = positions(scores, Ragged.of([[]]), Ragged.of([[0, 1]]))
    >>> PrecisionV2(PrecisionV2.Settings(k=2)).per_case(ranks).round(4).tolist()
    [0.75]
    """

    name: ClassVar[str] = "precision"
    Settings = counting.AtK

    def per_case(self, ranks: TargetRanks) -> Doubles:
        """float64 [n_cases], 0 to 1."""
        share = counting.expected_hits(ranks, self.settings.k) / self.settings.k
        return np.where(ranks.n_targets() > 0, share, np.nan)
