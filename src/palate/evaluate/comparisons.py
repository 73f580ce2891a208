"""Paired comparison of two models over the same users, and correction for many comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from palate.arrays import Doubles, Rows
from palate.errors import BadInput
from palate.evaluate.intervals import Clusters, bootstrap

EXACT = 12
"""With at most so many users all sign flips are counted out: 4,096 of them."""


@dataclass(frozen=True)
class PairedDifference:
    """How much one model is ahead of another.

    Attributes:
        difference: Mean of a - b over the cases that both have a value for.
        low: Lower end of its 95 % interval.
        high: Upper end.
        p: Two-sided probability of such a difference, or a larger one, if the two were alike; NaN
            with fewer than two users.
        n_users: Users that were compared.
    """

    difference: float
    low: float
    high: float
    p: float
    n_users: int


def compare(
    a: Doubles, b: Doubles, seed: int, resamples: int = 1000, users: Rows | None = None
) -> PairedDifference:
    """Compare per-case figures of two models over the same cases.

    The interval is `bootstrap` of the differences. The p value is that of the paired t-test over
    users (with several cases a user, of its version for clusters); with at most 12 users it is
    counted out over all sign flips, which needs no normal distribution. Use `holm` on the p values
    when more than one comparison is made.

    Args:
        a: float64 [n_cases], one metric of the first model; NaN where a case has none.
        b: float64 [n_cases], the same of the second.
        seed: Seed of the resamples.
        resamples: How many populations are drawn, >= 100.
        users: int32 [n_cases], whose case it is; None: every case is another user.

    Raises:
        BadInput: The two do not have the same cases.

    Cost: resamples x n_users random numbers.

    >>> found = compare(np.array([1.0, 1.0, 0.0, 1.0]), np.zeros(4), seed=0)
    >>> found.difference, found.p
    (0.75, 0.25)

    Smucker, Allan & Carterette, A comparison of statistical significance tests for information
    retrieval evaluation, CIKM 2007.
    """
    if a.shape != b.shape or a.ndim != 1:
        raise BadInput(
            f"figures of shapes {a.shape} and {b.shape}",
            where="compare",
            allowed="two arrays [n_cases]",
        )
    return compare_all((a - b)[:, None], seed, resamples, users)[0]


def compare_all(
    differences: Doubles, seed: int, resamples: int = 1000, users: Rows | None = None
) -> list[PairedDifference]:
    """`compare` for many pairs of models over the same cases, all on the same resamples.

    Args:
        differences: float64 [n_cases, n_pairs], a - b of each pair; NaN where a case has none.
        seed: Seed of the resamples.
        resamples: How many populations are drawn, >= 100.
        users: int32 [n_cases], whose case it is; None: every case is another user.

    Cost: that of one comparison, and one matrix product.
    """
    found = bootstrap(differences, seed, resamples, users)
    clusters = Clusters.of(differences, users)
    compared = []
    for j in range(differences.shape[1]):
        there = clusters.count[:, j] > 0
        total, count = clusters.total[there, j], clusters.count[there, j]
        p = (
            float("nan")
            if len(total) < 2
            else _exact(total)
            if len(total) <= EXACT
            else _t_test(total, count)
        )
        compared.append(
            PairedDifference(
                float(found.value[j]), float(found.low[j]), float(found.high[j]), p, len(total)
            )
        )
    return compared


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
    given = np.array([np.nan if v is None else v for v in p], np.float64)
    out = np.full(len(given), np.nan)
    there = np.flatnonzero(~np.isnan(given))
    order = there[np.argsort(given[there], kind="stable")]
    factors = len(order) - np.arange(len(order))
    out[order] = np.minimum(np.maximum.accumulate(given[order] * factors), 1.0)
    return out


def _exact(total: Doubles) -> float:
    """The share of all sign flips of the users' sums whose size reaches the one that was seen."""
    n = len(total)
    signs = 1.0 - 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
    sums = np.abs(signs @ total)
    # The sum over the same numbers in another order may differ in the last bits.
    return float(np.mean(sums >= np.abs(total.sum()) - 1e-12 * max(1.0, np.abs(total).sum())))


def _t_test(total: Doubles, count: Doubles) -> float:
    """Two-sided p of a mean over cases being zero, cases of a user taken together."""
    n = len(total)
    mean = total.sum() / count.sum()
    residual = total - mean * count
    spread = np.sqrt(n / (n - 1) * np.sum(residual**2)) / count.sum()
    if spread == 0:
        return 1.0 if mean == 0 else 0.0
    return float(2 * special.stdtr(n - 1, -abs(mean) / spread))
