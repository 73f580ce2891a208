"""Hit rate: whether the list holds any right answer."""

from __future__ import annotations

import numpy as np

from palate.arrays import Doubles
from palate.evaluate.metrics import counting
from palate.tables import TargetRanks


class Hit:
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

    Settings = counting.AtK

    def __init__(self, settings: counting.AtK | None = None) -> None:
        self.settings = settings or counting.AtK()

    @property
    def label(self) -> str:
        """e.g. `hit@10`."""
        return counting.label("hit", self.settings.k)

    def per_case(self, ranks: TargetRanks) -> Doubles:
        """float64 [n_cases], 0 or 1."""
        found = (counting.hits(ranks, self.settings.k) > 0).astype(np.float64)
        return np.where(ranks.n_targets() > 0, found, np.nan)
