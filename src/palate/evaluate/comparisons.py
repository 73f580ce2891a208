"""Paired comparison of two models over the same users, and correction for many comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from palate.arrays import Doubles, Rows
from palate.errors import BadInput
from palate.evaluate.intervals import Clusters, as_columns
from palate.evaluate.user_means import UserMean


@dataclass(frozen=True)
class PairedDifference:
    """How much one model is ahead of another.

    The interval excludes 0 just where `p_adjusted` is below 1 - 0.95 (or what level was asked for):
    both are readings of one distribution.

    Attributes:
        difference: Mean of a - b over the cases that both have a value for.
        low: Lower end of its interval; NaN where the users are too few for one.
        high: Upper end.
        p: Two-sided probability of such a difference, or a larger one, if the two were alike; NaN
            without an interval.
        n_users: Users that were compared.
        p_adjusted: The same, corrected for the family where there is one; else `p`.
        level: Share of such intervals that should hold the true difference: 0.95, or more where a
            family asks for it.
    """

    difference: float
    low: float
    high: float
    p: float
    n_users: int
    p_adjusted: float
    level: float = 0.95


def compare(
    a: Doubles, b: Doubles, users: Rows | None = None, level: float = 0.95, most: float = 0.0
) -> PairedDifference:
    """Compare per-case figures of two models over the same cases.

    Interval and p value are those of `UserMean.of_differences` (palate.evaluate.user_means): they
    hold with few users (from five on), with skewed differences, and where both models answer nearly
    everybody alike. Where more than one comparison is made, use `compare_family`.

    Args:
        a: float64 [n_cases], one metric of the first model; NaN where a case has none.
        b: float64 [n_cases], the same of the second.
        users: int32 [n_cases], whose case it is; None: every case is another user.
        level: Share of such intervals that should hold the true difference.
        most: How large a difference can be (1 for metrics from 0 to 1): so the interval of models
            that answer everybody alike tells what was too rare to be seen. 0: it has no width.

    Raises:
        BadInput: The two do not have the same cases.

    >>> found = compare(np.array([1.0, 1.0, 0.0, 1.0, 1.0, 1.0]), np.zeros(6))
    >>> round(found.difference, 3), found.low < 0 < found.high, round(found.p, 2)
    (0.833, True, 0.11)

    Smucker, Allan & Carterette, A comparison of statistical significance tests for information
    retrieval evaluation, CIKM 2007 (why pairs over users).
    """
    if a.shape != b.shape or a.ndim != 1:
        raise BadInput(
            f"figures of shapes {a.shape} and {b.shape}",
            where="compare",
            allowed="two arrays [n_cases]",
        )
    return compare_family((a - b)[:, None], users, level, most)[0]


def compare_family(
    differences: Doubles, users: Rows | None = None, level: float = 0.95, most: float = 0.0
) -> list[PairedDifference]:
    """`compare` for a family of pairs, corrected so that verdict and interval agree.

    `p_adjusted` is Holm's. Each interval has the level at which its own step of Holm's method
    decides: the most significant of m pairs gets 1 - 0.05 / m, the last 0.95. So an interval
    excludes 0 just where its `p_adjusted` is below 0.05, and each holds its own truth in at least
    95 %; that all hold together in 95 % is not promised (Holm's method has no such intervals).

    Args:
        differences: float64 [n_cases, n_pairs], a - b of each pair; NaN where a case has none.
        users: int32 [n_cases], whose case it is; None: every case is another user.
        level: 1 - the chance of any false alarm in the family.
        most: How large a difference can be.

    Cost: a sort of each column and some fifty passes over its distinct values.
    """
    columns = as_columns(differences, users, level)
    means = _means(columns, users, most)
    p = [mean.p_value() for mean, _ in means]
    corrected = zip(means, p, holm(p).tolist(), holm_levels(p, level).tolist(), strict=True)
    return [
        PairedDifference(value, *mean.interval(own), alone, mean.n_users, adjusted, own)
        for (mean, value), alone, adjusted, own in corrected
    ]


def _means(columns: Doubles, users: Rows | None, most: float) -> list[tuple[UserMean, float]]:
    """What infers the mean of each column, and the mean."""
    clusters = Clusters.of(columns, users)
    return [
        (UserMean.of_differences(own, most, parts), float(value))
        for (own, parts), value in zip(
            map(clusters.of_users, range(columns.shape[1])), clusters.mean(), strict=True
        )
    ]


def holm(p: Sequence[float | None] | Doubles) -> Doubles:
    """float64 [n], p values corrected so that the chance of any false alarm in the family stays
    below the level.

    Missing ones (NaN or None) are no part of the family and stay NaN. Valid whatever the dependence
    between them.

    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]

    Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of
    Statistics 1979.
    """
    return np.asarray(np.minimum(_stepped_down(p), 1.0))


def holm_levels(p: Sequence[float | None] | Doubles, level: float = 0.95) -> Doubles:
    """float64 [n], the level of each interval at which it excludes 0 just where `holm` says so.

    1 - (1 - level) * p / (corrected p). Missing p values have the level that was asked for.

    >>> holm_levels([0.01, 0.04, 0.02]).round(4).tolist()
    [0.9833, 0.95, 0.975]
    """
    given, corrected = _given(p), _stepped_down(p)
    share = np.divide(given, corrected, out=np.ones(len(given)), where=corrected > 0)
    share[corrected == 0] = 1 / max(int(np.count_nonzero(~np.isnan(given))), 1)
    return np.asarray(1 - (1 - level) * share)


def _given(p: Sequence[float | None] | Doubles) -> Doubles:
    return np.array([np.nan if v is None else v for v in p], np.float64)


def _stepped_down(p: Sequence[float | None] | Doubles) -> Doubles:
    """Holm's corrected p values, not yet bounded by 1."""
    given = _given(p)
    out = np.full(len(given), np.nan)
    there = np.flatnonzero(~np.isnan(given))
    order = there[np.argsort(given[there], kind="stable")]
    factors = len(order) - np.arange(len(order))
    out[order] = np.maximum.accumulate(given[order] * factors)
    return out
