"""MAP: the precision at the rank of each right answer, on average."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from palate.arrays import Doubles, offsets_of
from palate.evaluate.metrics import counting
from palate.evaluate.metrics.tied import TiedTargets, reciprocals
from palate.tables import TargetRanks


class Map(counting.WithLength):
    """map@k = sum over targets within the first k of (targets up to there) / position, over
    min(targets, k).

    The division by min(targets, k) makes 1 reachable; libraries that divide by the number of
    targets instead print lower figures (the `MAP` of recommenders), so compare only like with like.
    Without k it is the average precision over the whole ranking, as in cornac.

    Edges: no target: NaN. Unreachable target: adds nothing, counts below the line. Ties: the mean
    of the tied ranks is the position, and of tied targets each counts those before it; the result
    never exceeds 1.

    >>> import numpy as np
    >>> from palate.arrays import Ragged
    >>> from palate.ranks import positions
    >>> scores = np.array([[4.0, 3.0, 2.0, 1.0]], np.float32)
    >>> ranks = positions(scores, Ragged.of([[]]), Ragged.of([[0, 2]]))
    >>> Map().per_case(ranks).round(4).tolist()
    [0.8333]
    """

    name: ClassVar[str] = "map"
    Settings = counting.AtKOrAll

    def per_case(self, ranks: TargetRanks) -> Doubles:
        """float64 [n_cases], 0 to 1."""
        k = counting.longest(ranks, self.settings.k)
        order = np.lexsort((ranks.position, ranks.case))
        case, position = ranks.case[order], ranks.position[order]
        number = np.arange(len(case)) - offsets_of(ranks.n_targets())[case] + 1
        gains = np.where(position <= k, np.minimum(number / position, 1.0), 0.0)
        total = np.bincount(case, weights=gains, minlength=ranks.n_cases)
        return np.minimum(total / np.minimum(counting.wanted(ranks), k), 1.0)


class MapV2(counting.WithLength):
    """map@k = sum over targets within the first k of (targets up to there) / rank, over
    min(targets, k).

    The division by min(targets, k) makes 1 reachable; libraries that divide by the number of
    targets instead print lower figures (the `MAP` of recommenders), so compare only like with like.
    Without k it is the average precision over the whole ranking, as in cornac.

    On average over all orders of tied items: take a target in a tie of t items, m of them targets,
    with a items and c targets above. It is the r-th of the tied with probability 1 / t, and then
    (m - 1) (r - 1) / (t - 1) of the other tied targets come before it on average. So it adds
    sum over r from 1 to min(t, k - a) of (c + 1 + q (r - 1)) / (a + r) / t, with
    q = (m - 1) / (t - 1). `metric.map.v1` took the mean rank.

    Edges: no target: NaN. Unreachable target: adds nothing, counts below the line.

    >>> import numpy as np
    >>> from palate.arrays import Ragged
    >>> from palate.ranks import positions
    >>> scores = np.array([[4.0, 3.0, 3.0, 1.0]], np.float32)
    >>> ranks = positions(scores, Ragged.of([[]]), Ragged.of([[1, 2]]))
    >>> MapV2().per_case(ranks).round(4).tolist()
    [0.5833]
    """

    name: ClassVar[str] = "map"
    Settings = counting.AtKOrAll

    def per_case(self, ranks: TargetRanks) -> Doubles:
        """float64 [n_cases], 0 to 1."""
        k = counting.longest(ranks, self.settings.k)
        ties = TiedTargets.of(ranks)
        reached = ties.within(k)
        # the terms of the sum are q + (c + 1 - q (a + 1)) / (a + r)
        others = (ties.targets - 1) / np.maximum(ties.tied - 1, 1.0)
        above = np.minimum(ties.above, k)
        terms = reciprocals(above, reached, k)
        first = ties.before + 1 - others * (above + 1)
        gains = (others * reached + first * terms) / ties.tied
        total = np.bincount(ties.case, weights=gains, minlength=ranks.n_cases)
        return np.minimum(total / np.minimum(counting.wanted(ranks), k), 1.0)
