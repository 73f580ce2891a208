"""Hit rate: whether the list holds any right answer."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from palate.arrays import Doubles
from palate.evaluate.metrics import counting
from palate.evaluate.metrics.tied import TiedTargets
from palate.tables import TargetRanks


class Hit(counting.WithLength):
    """hit@k = 1 if at least one target is within the first k, else 0 (also called hit rate, HR@k).

    With many targets a case it saturates near 1: use `metric.recall.v1` or `metric.ndcg.v1` there.

    Edges: no target: NaN. Unreachable target: no hit. Ties: a target counts if the mean of its tied
    ranks is at most k.

    >>> import numpy as np
    >>> from palate.arrays import Ragged
    >>> from palate.ranks import positions
    >>> scores = np.array([[4.0, 3.0, 2.0, 1.0]], np.float32)
    >>> ranks = positions(scores, Ragged.of([[]]), Ragged.of([[1, 3]]))
    >>> [Hit(Hit.Settings(k=k)).per_case(ranks).tolist() for k in (2, 1)]
    [[1.0], [0.0]]
    """

    name: ClassVar[str] = "hit"
    Settings = counting.AtK

    def per_case(self, ranks: TargetRanks) -> Doubles:
        """float64 [n_cases], 0 or 1."""
        found = (counting.hits(ranks, self.settings.k) > 0).astype(np.float64)
        return np.where(ranks.n_targets() > 0, found, np.nan)


class HitV2(counting.WithLength):
    """hit@k = the chance that at least one target is within the first k (hit rate, HR@k).

    With many targets a case it saturates near 1: use `metric.recall.v2` or `metric.ndcg.v2` there.

    Without ties it is 0 or 1. On average over all orders of tied items: if a tie of t items, m of
    them targets, has s slots within the first k, none of the m is in these with probability
    C(t - m, s) / C(t, s) = product over j < m of (t - s - j) / (t - j). `metric.hit.v1` took the
    mean rank.

    Edges: no target: NaN. Unreachable target: no hit.

    >>> import numpy as np
    >>> from palate.arrays import Ragged
    >>> from palate.ranks import positions
    >>> scores = np.array([[4.0, 3.0, 3.0, 1.0]], np.float32)
    >>> ranks = positions(scores, Ragged.of([[]]), Ragged.of([[1, 3]]))
    >>> HitV2(HitV2.Settings(k=2)).per_case(ranks).round(4).tolist()
    [0.5]
    """

    name: ClassVar[str] = "hit"
    Settings = counting.AtK

    def per_case(self, ranks: TargetRanks) -> Doubles:
        """float64 [n_cases], 0 to 1."""
        ties = TiedTargets.of(ranks)
        slots = ties.within(self.settings.k)
        missed = (ties.tied - slots - ties.number) / np.maximum(ties.tied - ties.number, 1.0)
        none = np.ones(ranks.n_cases)
        np.multiply.at(none, ties.case, np.where(slots > 0, np.clip(missed, 0.0, 1.0), 1.0))
        return np.where(ranks.n_targets() > 0, 1 - none, np.nan)
