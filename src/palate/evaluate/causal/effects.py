"""Average effects, doubly robust, with intervals that take a user's rows as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Doubles, Mask
from palate.errors import Refused
from palate.evaluate.causal.nuisances import Family, Nuisances, cross_fitted
from palate.evaluate.causal.observed import Observed
from palate.inference import benjamini_hochberg, clustered, discovery_level
from palate.tables.estimate import Estimate

LEAST_PROPENSITY: Final = 0.02
"""Rows that were less likely to get some level are left out: no one like them got it."""


@dataclass(frozen=True, eq=False)
class Scores:
    """What each row says of the outcome under each level: its mean is the mean outcome, were
    everybody given that level.

    Attributes:
        observed: The rows that are kept.
        nuisances: Of these.
        values: float64 [n, n_levels].
        kept: bool [n_all], which rows of the log these are.
    """

    observed: Observed
    nuisances: Nuisances
    values: Doubles
    kept: Mask

    def effect(self, level: int, rows: NDArray[Any] | slice = slice(None)) -> Estimate:
        """Mean outcome under a level less that under level 0.

        Args:
            level: Number of the level.
            rows: Rows, indices or a mask, of those that are kept; all of them by default.
        """
        return clustered(self.values[rows, level] - self.values[rows, 0], self.observed.user[rows])

    def mean(self, level: int) -> Estimate:
        """Mean outcome, were everybody given the level."""
        return clustered(self.values[:, level], self.observed.user)


def scores(observed: Observed, rng: np.random.Generator, family: Family = "best") -> Scores:
    """Augmented inverse-propensity scores with cross-fitting.

    Right where either the propensities or the expected outcomes are, and nothing outside the
    covariates moves both treatment and outcome. Rows that were hardly ever given some level
    (below .02) are left out; the answer is about the others.

    Args:
        observed: The rows.
        rng: Divides the users.
        family: Kind of the two models.

    Raises:
        BadInput: The rows have no effect that could be estimated.
        Refused: No row could have got every level.

    Robins, Rotnitzky & Zhao, JASA 1994; Chernozhukov et al., Double/debiased machine learning,
    Econometrics Journal 2018; the trimming is of Crump et al., Biometrika 2009.
    """
    observed.check()
    nuisances = cross_fitted(observed, rng, family)
    kept = nuisances.propensity.min(axis=1) >= LEAST_PROPENSITY
    if not kept.any():
        raise Refused(
            "no row could have got every level of the treatment: who got which is known from the"
            " columns that are held fixed",
            where="treatment",
            next_step="compare levels that the same people might have got",
        )
    left, p, expected = observed.take(kept), nuisances.propensity[kept], nuisances.expected[kept]
    got = left.treatment[:, None] == np.arange(len(left.levels))
    values = expected + got / p * (left.outcome[:, None] - expected)
    return Scores(left, Nuisances(p, expected, nuisances.families), values, kept)


def naive(observed: Observed, level: int) -> Estimate:
    """Difference of the two groups' means, with nothing held fixed: what a dashboard shows."""
    y, user = observed.outcome, observed.user
    one, none = observed.treatment == level, observed.treatment == 0
    share_one, share_none = one.mean(), none.mean()
    mean_one, mean_none = float(y[one].mean()), float(y[none].mean())
    parts = one * (y - mean_one) / share_one - none * (y - mean_none) / share_none
    return clustered(parts + mean_one - mean_none, user)


@dataclass(frozen=True)
class SegmentEffect:
    """The effect on some of the rows.

    Attributes:
        segment: Which.
        n: Rows.
        effect: In them, its interval at a level that leaves out 0 only for what is kept.
        corrected: Its p value, corrected for the number of segments (Benjamini & Hochberg).
        differs: Corrected p value of being as large as in all other rows; NaN for a single segment.
    """

    segment: str
    n: int
    effect: Estimate
    corrected: float
    differs: float


def by_segment(
    found: Scores, level: int, segment: NDArray[Any], names: tuple[str, ...], q: float = 0.05
) -> tuple[SegmentEffect, ...]:
    """Effects in segments that were known before the treatment, corrected for their number.

    Args:
        found: Scores of all rows.
        level: Whose effect.
        segment: int [n_kept], the segment of each row that is kept, from 0 on.
        names: Of the segments.
        q: Share of false discoveries that is accepted.

    A segment with fewer than two users is left out.
    """
    user = found.observed.user
    own = [segment == k for k in range(len(names))]
    there = [k for k, rows in enumerate(own) if len(np.unique(user[rows])) > 1]
    effects = [found.effect(level, own[k]) for k in there]
    against = [_difference(found, level, own[k]).p for k in there]
    p = [one.p for one in effects]
    wide = discovery_level(p, q, 1 - q)
    return tuple(
        SegmentEffect(
            names[k],
            int(own[k].sum()),
            clustered_at(found, level, own[k], wide),
            float(corrected),
            float(differs),
        )
        for k, corrected, differs in zip(
            there, benjamini_hochberg(p), benjamini_hochberg(against), strict=True
        )
    )


def clustered_at(found: Scores, level: int, rows: Mask, width: float) -> Estimate:
    """An effect with an interval of another level than 95 %."""
    parts = found.values[rows, level] - found.values[rows, 0]
    return clustered(parts, found.observed.user[rows], width)


def _difference(found: Scores, level: int, own: Mask) -> Estimate:
    """Effect in some rows less that in all others; users may have rows in both."""
    if own.all():
        nan = float("nan")
        return Estimate(nan, nan, nan, nan, nan, 0)
    parts = found.values[:, level] - found.values[:, 0]
    inside, outside = float(parts[own].mean()), float(parts[~own].mean())
    weighed = own * (parts - inside) / own.mean() - ~own * (parts - outside) / (~own).mean()
    return clustered(weighed + inside - outside, found.observed.user)
