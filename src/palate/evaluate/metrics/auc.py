"""AUC: how often a right answer stands above a wrong one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from palate.arrays import Doubles
from palate.tables import TargetRanks


class Auc:
    """auc = share of pairs (target, other candidate) in which the target stands higher; a tie is
    half a pair.

    It looks at the whole ranking and hardly at its top: a model may lead here and lose where people
    look. Report it beside `metric.ndcg.v1`, not instead.

    Computed from the sum of the targets' positions, so ties are exact. On a slice, targets outside
    it count as others.

    Edges: no target: NaN. Unreachable target: loses all its pairs. No other candidate: NaN.

    >>> import numpy as np
    >>> from palate.arrays import Ragged
    >>> from palate.ranks import positions
    >>> scores = np.array([[4.0, 3.0, 2.0, 1.0]], np.float32)
    >>> ranks = positions(scores, Ragged.of([[]]), Ragged.of([[0, 2]]))
    >>> Auc().per_case(ranks).tolist()
    [0.75]

    Rendle et al., BPR: Bayesian personalized ranking from implicit feedback, UAI 2009.
    """

    @dataclass(frozen=True)
    class Settings:
        """Nothing to set."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or self.Settings()

    @property
    def label(self) -> str:
        """`auc`."""
        return "auc"

    def per_case(self, ranks: TargetRanks) -> Doubles:
        """float64 [n_cases], 0 to 1; chance is 0.5."""
        reached = np.isfinite(ranks.position)
        n = np.bincount(ranks.case[reached], minlength=ranks.n_cases)
        position_sums = np.bincount(
            ranks.case[reached], ranks.position[reached], minlength=ranks.n_cases
        )
        others = ranks.n_candidates - n
        lost = position_sums - n * (n + 1) / 2 + (ranks.n_targets() - n) * others
        pairs = ranks.n_targets() * others
        return np.asarray(
            np.divide(pairs - lost, pairs, out=np.full(ranks.n_cases, np.nan), where=pairs > 0)
        )
