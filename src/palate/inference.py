"""Estimates over users: a mean with its interval and p value, and false-discovery correction over
many of them.

The numeric core that importance, selection and the promises share; an observation is never taken
for independent of the others of the same user.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from palate.arrays import Doubles, Longs
from palate.errors import BadInput
from palate.tables.estimate import Estimate

MOST_BEND = 0.3
"""Skewness / sqrt(users) is taken for no more than this: beyond it the correction is a guess
itself."""


def mean_and_error(values: Doubles) -> tuple[float, float]:
    """Mean of the values [n] and its standard error, NaN left out; 0 and infinity for fewer than
    two, which prove nothing.

    For choices between models on validation cases; claims about users need `clustered`.

    >>> mean_and_error(np.array([1.0, 3.0, np.nan]))
    (2.0, 1.0)
    """
    known = values[~np.isnan(values)]
    if len(known) < 2:
        return 0.0, float("inf")
    return float(known.mean()), float(known.std(ddof=1) / np.sqrt(len(known)))


def cluster_codes(cluster: NDArray[Any]) -> Longs:
    """int64 [n], the clusters (any numbers) counted from 0 in order of size."""
    return np.asarray(np.unique(cluster, return_inverse=True)[1], np.int64)


def cluster_residuals(values: Doubles, codes: Longs) -> Doubles:
    """float64 [n_clusters] or [n_clusters, r]: sums of the values' deviations from their column
    mean, by cluster.
    """
    centred = values - values.mean(axis=0)
    n = int(codes.max(initial=-1)) + 1
    columns = centred[:, None] if values.ndim == 1 else centred
    sums = np.stack([np.bincount(codes, weights=c, minlength=n) for c in columns.T], axis=1)
    return np.asarray(sums[:, 0] if values.ndim == 1 else sums, np.float64)


def clustered(values: Doubles, cluster: NDArray[Any], level: float = 0.95) -> Estimate:
    """The mean of `values` with an interval that takes the observations of a user as one.

    Student's t over users with the variance of the ratio of sums (users may have different numbers
    of observations).

    Args:
        values: float64 [n], finite.
        cluster: [n], the user of each.
        level: Share of such intervals that should hold the true mean.

    Raises:
        BadInput: No values, or not as many users as values.

    >>> found = clustered(np.array([1.0, 2.0, 3.0, 2.0]), np.array([0, 0, 1, 1]))
    >>> found.value, found.n_users
    (2.0, 2)

    Liang & Zeger, Longitudinal data analysis using generalized linear models, Biometrika 1986.
    """
    if len(values) == 0 or len(values) != len(cluster):
        raise BadInput(
            f"{len(values)} values and {len(cluster)} users",
            where="clustered",
            allowed="as many, and some",
        )
    codes = cluster_codes(cluster)
    n_users = int(codes.max()) + 1
    sums = cluster_residuals(values, codes)
    # Squared sums by user, not by observation: what a user's observations have in common does not
    # average out. n / (n - 1) because the mean was estimated too.
    variance = float(np.sum(sums**2)) * n_users / max(n_users - 1, 1) / len(values) ** 2
    return estimate(float(values.mean()), variance, n_users, level, skewness(sums))


def estimate(
    value: float, variance: float, n_users: int, level: float = 0.95, skew: float = 0.0
) -> Estimate:
    """Interval and p of a value whose variance was estimated over `n_users` users.

    Losses are skewed (a few users lose most), and the plain t interval then misses on one side: the
    pivot is straightened by Hall's cubic before Student's quantiles are read off.

    Args:
        value: The mean.
        variance: Its variance.
        n_users: Users it was estimated over.
        level: Share of such intervals that should hold the true mean.
        skew: Skewness of the users' contributions; 0 gives the plain t interval.
    """
    if n_users < 2:
        nan = float("nan")
        return Estimate(value, nan, nan, nan, nan, n_users)
    error = float(np.sqrt(variance))
    bend = float(np.clip(skew / np.sqrt(n_users), -MOST_BEND, MOST_BEND))
    if error > 0:
        p = float(2 * special.stdtr(n_users - 1, -abs(_straightened(value / error, bend))))
    else:
        # no spread at all: zero is certain, or it is impossible
        p = 1.0 if value == 0 else 0.0
    nan = float("nan")
    return at_level(Estimate(value, nan, nan, p, error, n_users, bend), level)


def at_level(found: Estimate, level: float) -> Estimate:
    """The same mean with an interval of another level.

    Args:
        found: What was estimated; of an interval whose standard error is not known nothing is
            changed.
        level: Share of such intervals that should hold the true mean.
    """
    if not np.isfinite(found.error):
        return found
    t = float(special.stdtrit(found.n_users - 1, (1 + level) / 2))
    low, high = (found.value - found.error * _bent_back(z, found.bend) for z in (t, -t))
    return replace(found, low=low, high=high, level=level)


def skewness(sums: Doubles) -> float:
    """Third moment of the users' centred sums [n_users] over their standard deviation cubed; 0
    where all are alike.
    """
    spread = float(np.sqrt(np.mean(sums**2)))
    return float(np.mean(sums**3)) / spread**3 if spread > 0 else 0.0


def _straightened(t: float, bend: float) -> float:
    """Hall's cubic of a studentised mean: nearly normal where the mean is skewed.

    Hall, On the removal of skewness by transformation, JRSS B 1992.
    """
    if abs(bend) < 1e-9:
        return t
    return ((1 + bend * t / 3) ** 3 - 1) / bend + bend / 6


def _bent_back(z: float, bend: float) -> float:
    """The inverse of `_straightened`."""
    if abs(bend) < 1e-9:
        return z
    return float(3 / bend * (np.cbrt(1 + bend * (z - bend / 6)) - 1))


def benjamini_hochberg(p: Sequence[float] | Doubles) -> Doubles:
    """float64 [n], p values corrected so that keeping those up to q makes a share q of false
    discoveries on average.

    NaN is no part of the family and stays NaN. Holds under independence and positive dependence.
    Where not even one false alarm is allowed, use Holm's correction.

    >>> benjamini_hochberg([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.04, 0.04]

    Benjamini & Hochberg, Controlling the false discovery rate, JRSS B 1995.
    """
    from scipy import stats  # takes longer to import than all that it is used for here

    out = np.array(p, np.float64)
    there = ~np.isnan(out)
    out[there] = stats.false_discovery_control(out[there])
    return out


def discovery_level(p: Sequence[float] | Doubles, q: float, least: float = 0.95) -> float:
    """The level of intervals that leave 0 out only for what `benjamini_hochberg` keeps at `q`.

    1 - r * q / m where r of m are kept: of the intervals of those a share q misses its truth on
    average. Not below `least`, however many are kept.

    >>> discovery_level([0.01, 0.2, 0.3, 0.4], 0.1), discovery_level([0.01, 0.02], 0.1)
    (0.975, 0.95)

    Benjamini & Yekutieli, False discovery rate-adjusted multiple confidence intervals for selected
    parameters, JASA 2005.
    """
    corrected = benjamini_hochberg(p)
    m, kept = int(np.sum(~np.isnan(corrected))), int(np.sum(corrected <= q))
    return max(least, 1 - max(kept, 1) * q / m) if m else least
