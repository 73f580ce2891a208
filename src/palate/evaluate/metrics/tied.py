"""Ties of targets with other items, for metrics that average over all orders of tied items.

Where several targets of a case stand in one tie, metrics that are a sum over targets need each
target's own ranks alone (`palate.ranks.mean_over_ties`); those that look at the first target, or at
the targets before one, need how many of the tied are targets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from palate.arrays import Doubles, Rows
from palate.tables import TargetRanks


@dataclass(frozen=True, eq=False)
class TiedTargets:
    """Every target with its tie, by case from the top down.

    Attributes:
        case: int32 [n_targets], the case.
        above: float64 [n_targets], items above the tie; inf for an unreachable target.
        tied: float64 [n_targets], items in the tie.
        targets: float64 [n_targets], targets of the case among them.
        number: float64 [n_targets], 0, 1, ... over the targets of one tie.
        before: float64 [n_targets], targets of the case above the tie.
    """

    case: Rows
    above: Doubles
    tied: Doubles
    targets: Doubles
    number: Doubles
    before: Doubles

    @classmethod
    def of(cls, ranks: TargetRanks) -> TiedTargets:
        """The ties of `ranks`."""
        order = np.lexsort((ranks.tied, ranks.above, ranks.case))
        case, above, tied = ranks.case[order], ranks.above[order], ranks.tied[order]
        new_case = _starts(case)
        # unreachable targets stand nowhere, and so beside no other
        new_tie = new_case | _starts(above) | _starts(tied) | np.isinf(above)
        place = np.arange(len(case))
        tie_start = np.maximum.accumulate(np.where(new_tie, place, 0))
        case_start = np.maximum.accumulate(np.where(new_case, place, 0))
        tie = np.cumsum(new_tie) - 1
        return cls(
            case,
            above,
            tied,
            np.bincount(tie)[tie].astype(np.float64),
            (place - tie_start).astype(np.float64),
            (tie_start - case_start).astype(np.float64),
        )

    def within(self, k: int) -> Doubles:
        """float64 [n_targets], how many of the tied places are among the first k."""
        return np.asarray(np.clip(k - self.above, 0, self.tied), np.float64)


def reciprocals(above: Doubles, n: Doubles, k: int) -> Doubles:
    """float64 [m], the sum of 1 / rank over the `n` [m] ranks that follow on `above` [m].

    Args:
        above: Whole numbers up to k.
        n: How many ranks, none of them beyond k.
        k: Last rank there is.
    """
    sums = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, k + 1))])
    several = sums[(above + n).astype(np.int64)] - sums[above.astype(np.int64)]
    return np.where(n == 1, 1 / (above + 1), several)


def _starts(values: Rows | Doubles) -> np.ndarray:
    """bool [n], where a value differs from the one before."""
    if not len(values):
        return np.zeros(0, np.bool_)
    return np.concatenate([[True], values[1:] != values[:-1]])
