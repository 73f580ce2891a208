"""95 % intervals of means, by resampling the users."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from palate.arrays import Doubles, Longs, Rows
from palate.errors import BadInput
from palate.seeding import generator

_CELLS = 4_000_000
"""Most weights (resamples x users) held at once: 32 MB."""


@dataclass(frozen=True)
class Intervals:
    """Means with their intervals, one for each column.

    Attributes:
        value: float64 [n_columns], the mean over the cases that have a value.
        low: float64 [n_columns], lower end; NaN with fewer than two users.
        high: float64 [n_columns], upper end; NaN with fewer than two users.
        n_users: int64 [n_columns], users with a value.
    """

    value: Doubles
    low: Doubles
    high: Doubles
    n_users: Longs


@dataclass(frozen=True)
class Clusters:
    """Values summed by user: all that a resampling of users needs.

    Attributes:
        total: float64 [n_clusters, n_columns], sum of the user's values.
        count: float64 [n_clusters, n_columns], how many values that is.
    """

    total: Doubles
    count: Doubles

    @classmethod
    def of(cls, values: Doubles, users: Rows | None = None) -> Clusters:
        """Sum `values` [n_cases, n_columns], NaN for none, by `users` [n_cases]; -1 is a user of
        its own.
        """
        known = ~np.isnan(values)
        filled = np.where(known, values, 0.0)
        if users is None:
            return cls(filled, known.astype(np.float64))
        unit = np.where(users >= 0, users, int(users.max(initial=0)) + 1 + np.arange(len(users)))
        _, place = np.unique(unit, return_inverse=True)
        n = int(place.max(initial=-1)) + 1
        total, count = np.zeros((n, values.shape[1])), np.zeros((n, values.shape[1]))
        np.add.at(total, place, filled)
        np.add.at(count, place, known)
        return cls(total, count)

    def mean(self) -> Doubles:
        """float64 [n_columns], the mean over the cases that have a value; NaN where none has."""
        return ratio(self.total.sum(axis=0), self.count.sum(axis=0))

    def n_users(self) -> Longs:
        """int64 [n_columns], users with a value."""
        return np.asarray(np.count_nonzero(self.count, axis=0), np.int64)


def bootstrap(
    values: Doubles,
    seed: int,
    resamples: int = 1000,
    users: Rows | None = None,
    level: float = 0.95,
) -> Intervals:
    """Percentile intervals of the columns' means; the user is what is drawn.

    All columns share the same resamples, so that models are compared on the same imagined
    populations. With few users the percentiles are widened (by the t quantile and sqrt(n / (n -
    1))), because the plain ones are too narrow then. It speaks of other users like these, not of
    other items, seeds or times.

    Args:
        values: float64 [n_cases] or [n_cases, n_columns]; NaN where a case has no value.
        seed: Seed of the resamples.
        resamples: How many populations are drawn, >= 100.
        users: int32 [n_cases], whose case it is (-1: a user of its own); None: every case is
            another user.
        level: Share of such intervals that should hold the true mean, between 0 and 1.

    Raises:
        BadInput: Fewer than 100 resamples, a level outside (0, 1), or users that do not fit the
            values.

    Cost: resamples x n_users random numbers, and one matrix product of resamples x n_users x
        n_columns.

    >>> found = bootstrap(np.array([[0.0], [1.0]] * 200), seed=1)
    >>> bool(found.low[0] < 0.5 < found.high[0])
    True

    Efron & Tibshirani, An introduction to the bootstrap, 1993; Hesterberg, What teachers should
    know about the bootstrap, The American Statistician 2015 (the widening).
    """
    _check(values, resamples, users, level)
    columns = values[:, None] if values.ndim == 1 else values
    clusters = Clusters.of(np.asarray(columns, np.float64), users)
    means = np.concatenate(list(_resampled(clusters, seed, resamples)))
    n = clusters.n_users()
    low, high = np.full(len(n), np.nan), np.full(len(n), np.nan)
    for j in np.flatnonzero(n >= 2):
        tail = _tail(int(n[j]), level)
        # a resample may miss all the users that have a value in a small slice
        drawn = means[~np.isnan(means[:, j]), j]
        low[j], high[j] = np.quantile(drawn, [tail, 1 - tail])
    return Intervals(clusters.mean(), low, high, n)


def ratio(total: NDArray[Any], count: NDArray[Any]) -> Doubles:
    """total / count, NaN where the count is 0."""
    return np.asarray(
        np.divide(total, count, out=np.full(np.shape(total), np.nan), where=count > 0)
    )


def _resampled(clusters: Clusters, seed: int, resamples: int) -> Iterator[Doubles]:
    """Means [chunk, n_columns] of populations drawn with replacement, chunk after chunk."""
    n = len(clusters.total)
    rng = generator(seed, "bootstrap")
    chunk = max(1, min(resamples, _CELLS // max(n, 1)))
    for start in range(0, resamples, chunk):
        m = min(chunk, resamples - start)
        # A resample is how often each user is in it, so that all means come from two products; the
        # offset lets one bincount do for every resample.
        drawn = rng.integers(0, max(n, 1), (m, n)) + np.arange(m)[:, None] * n
        weights = np.bincount(drawn.ravel(), minlength=m * n).reshape(m, n).astype(np.float64)
        yield ratio(weights @ clusters.total, weights @ clusters.count)


def _tail(n: int, level: float) -> float:
    """The percentile to read off, so that the interval is as wide as Student's for `n` users."""
    t = special.stdtrit(n - 1, (1 + level) / 2)
    # resampling n users has the variance over n, a sample's estimate the one over n - 1
    return float(special.ndtr(-np.sqrt(n / (n - 1)) * t))


def _check(values: Doubles, resamples: int, users: Rows | None, level: float) -> None:
    if values.ndim not in (1, 2):
        raise BadInput(
            f"values of {values.ndim} dimensions",
            where="values",
            allowed="[n_cases] or [n_cases, n_columns]",
        )
    if resamples < 100:
        raise BadInput(
            f"{resamples} resamples", where="resamples", allowed="100 or more; 1000 for a report"
        )
    if not 0 < level < 1:
        raise BadInput(f"level {level}", where="level", allowed="between 0 and 1, such as 0.95")
    if users is not None and len(users) != len(values):
        raise BadInput(
            f"{len(users)} users for {len(values)} cases",
            where="users",
            allowed="one for each case",
        )
