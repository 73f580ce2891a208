"""MRR: one over the rank of the first right answer."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from palate.arrays import Doubles
from palate.evaluate.metrics import counting
from palate.evaluate.metrics.tied import TiedTargets, reciprocals
from palate.tables import TargetRanks


class Mrr(counting.WithLength):
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

    name: ClassVar[str] = "mrr"
    Settings = counting.AtKOrAll

    def per_case(self, ranks: TargetRanks) -> Doubles:
        """float64 [n_cases], 0 to 1."""
        best = np.full(ranks.n_cases, np.inf)
        np.minimum.at(best, ranks.case, ranks.position)
        inside = best <= counting.longest(ranks, self.settings.k)
        return np.where(ranks.n_targets() > 0, np.where(inside, 1 / best, 0.0), np.nan)


class MrrV2(counting.WithLength):
    """mrr@k = 1 / (rank of the first target), 0 if that is beyond k.

    It looks at one target a case: use `metric.map.v2` where all count.

    On average over all orders of tied items: if the first tie with a target has a items above, t
    tied and m targets, the first of these is the r-th of the tied with probability
    C(t - r, m - 1) / C(t, m). So it is the sum of that over (a + r), r from 1 to
    min(t - m + 1, k - a). `metric.mrr.v1` took the mean rank.

    Edges: no target: NaN. Unreachable target: as if it stood at infinity.

    Cost: for each case of several tied targets as many steps as places of the tie within k.

    >>> import numpy as np
    >>> from palate.arrays import Ragged
    >>> from palate.ranks import positions
    >>> scores = np.array([[4.0, 3.0, 3.0, 1.0]], np.float32)
    >>> ranks = positions(scores, Ragged.of([[]]), Ragged.of([[1]]))
    >>> MrrV2().per_case(ranks).round(4).tolist()
    [0.4167]
    """

    name: ClassVar[str] = "mrr"
    Settings = counting.AtKOrAll

    def per_case(self, ranks: TargetRanks) -> Doubles:
        """float64 [n_cases], 0 to 1."""
        k = counting.longest(ranks, self.settings.k)
        ties = TiedTargets.of(ranks)
        first = (ties.before == 0) & (ties.number == 0) & (ties.above < k)
        case, targets = ties.case[first], ties.targets[first]
        above, tied, reached = ties.above[first], ties.tied[first], ties.within(k)[first]
        found = np.zeros(ranks.n_cases)
        found[case] = reciprocals(above, reached, k) / tied
        for i in np.flatnonzero(targets > 1):
            r = np.arange(1, min(tied[i] - targets[i] + 1, k - above[i]) + 1)
            found[case[i]] = float(first_of(tied[i], targets[i], r) @ (1 / (above[i] + r)))
        return np.where(ranks.n_targets() > 0, found, np.nan)


def first_of(tied: float, targets: float, r: Doubles) -> Doubles:
    """float64 [n], the probability that the first of `targets` among `tied` is the r-th [n].

    It is r times a step from the one before: p(1) = m / t and p(r + 1) = p(r) (t - r - m + 1) /
    (t - r), which unlike binomial coefficients has no large numbers in it.
    """
    steps = (tied - r[:-1] - targets + 1) / (tied - r[:-1])
    return np.asarray(targets / tied * np.cumprod(np.concatenate([[1.0], steps])), np.float64)
