"""MRR: one over the rank of the first right answer."""

from __future__ import annotations

import numpy as np

from palate.arrays import Doubles
from palate.evaluate.metrics import counting
from palate.tables import TargetRanks


class Mrr:
    """mrr@k = 1 / (position of the best placed target), 0 if that is beyond k.

    It looks at one target a case: use `metric.map.v1` where all count.

    Edges: no target: NaN. Unreachable target: as if it stood at infinity. Ties: the mean of the
    tied ranks is the position (two targets tied at the top have position 1.5 and give 2/3).

    >>> import numpy as np
    >>> from palate.arrays import Ragged
    >>> from palate.ranks import positions
    >>> scores = np.array([[4.0, 3.0, 2.0, 1.0]], np.float32)
    >>> ranks = positions(scores, Ragged.of([[]]), Ragged.of([[1, 3]]))
    >>> Mrr().per_case(ranks).tolist()
    [0.5]
    """

    Settings = counting.AtKOrAll

    def __init__(self, settings: counting.AtKOrAll | None = None) -> None:
        self.settings = settings or counting.AtKOrAll()

    @property
    def label(self) -> str:
        """e.g. `mrr@10`."""
        return counting.label("mrr", self.settings.k)

    def per_case(self, ranks: TargetRanks) -> Doubles:
        """float64 [n_cases], 0 to 1."""
        best = np.full(ranks.n_cases, np.inf)
        np.minimum.at(best, ranks.case, ranks.position)
        inside = best <= counting.longest(ranks, self.settings.k)
        return np.where(ranks.n_targets() > 0, np.where(inside, 1 / best, 0.0), np.nan)
