"""95 % intervals of means over users."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Doubles, Longs, Rows
from palate.errors import BadInput
from palate.evaluate.user_means import FEWEST, UserMean
from palate.inference import clustered

Bounds: TypeAlias = tuple[float, float]
"""The least and the greatest value that there can be."""
FEWEST_OTHERS = 10
"""Where most users have the same value of a metric without bounds, so many must differ."""


@dataclass(frozen=True)
class Intervals:
    """Means with their intervals, one for each column.

    Attributes:
        value: float64 [n_columns], the mean over the cases that have a value.
        low: float64 [n_columns], lower end; NaN where the users are too few for an interval.
        high: float64 [n_columns], upper end; NaN with `low`.
        n_users: int64 [n_columns], users with a value.
    """

    value: Doubles
    low: Doubles
    high: Doubles
    n_users: Longs


@dataclass(frozen=True)
class Clusters:
    """Values summed by user: all that an inference over users needs.

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

    def of_users(self, column: int) -> tuple[Doubles, Doubles]:
        """float64 [n_users] twice, of the users with a value in a column: their own mean, and their
        part in the mean over cases, to first order (who has more cases counts more).
        """
        there = self.count[:, column] > 0
        total, count = self.total[there, column], self.count[there, column]
        own = total / count
        if len(own) == 0 or np.ptp(count) == 0:
            return own, own
        mean = total.sum() / count.sum()
        return own, mean + (total - mean * count) / count.mean()


def mean_intervals(
    values: Doubles,
    users: Rows | None = None,
    level: float = 0.95,
    within: Bounds | None = None,
) -> Intervals:
    """Intervals of the columns' means; users are the independent units.

    A metric with bounds gets the interval of `palate.evaluate.user_means.UserMean`, which holds the
    truth as often as it says from 50 users and 2 % hits on (tests/evaluate/test_coverage.py), and
    more often where figures are too coarse for that. One without bounds gets Student's interval,
    straightened for skewness (`palate.inference.clustered`); none where nearly all users have the
    same value, for then the spread is not known. It speaks of other users like these, not of
    other items, seeds or times.

    Args:
        values: float64 [n_cases] or [n_cases, n_columns]; NaN where a case has no value.
        users: int32 [n_cases], whose case it is (-1: a user of its own); None: every case is
            another user.
        level: Share of such intervals that should hold the true mean, between 0 and 1.
        within: The bounds of the metric; None: it has none.

    Raises:
        BadInput: A level outside (0, 1), users that do not fit the values, or values outside the
            bounds.

    Cost: a sort of each column and some thirty passes over its distinct values.

    >>> found = mean_intervals(np.repeat([0.0, 1.0], [49, 1]), within=(0, 1))
    >>> found.value.round(3).tolist(), found.low.round(3).tolist(), found.high.round(3).tolist()
    ([0.02], [0.0], [0.095])
    """
    columns = as_columns(values, users, level)
    clusters = Clusters.of(columns, users)
    ends = [_ends(clusters, j, level, within) for j in range(columns.shape[1])]
    low, high = np.array(ends, np.float64).reshape(-1, 2).T
    return Intervals(clusters.mean(), low, high, clusters.n_users())


def ratio(total: NDArray[Any], count: NDArray[Any]) -> Doubles:
    """total / count, NaN where the count is 0."""
    return np.asarray(
        np.divide(total, count, out=np.full(np.shape(total), np.nan), where=count > 0)
    )


def as_columns(values: Doubles, users: Rows | None, level: float) -> Doubles:
    """float64 [n_cases, n_columns] of values [n_cases] or [n_cases, n_columns].

    Raises:
        BadInput: What `mean_intervals` refuses of the three.
    """
    if values.ndim not in (1, 2):
        raise BadInput(
            f"values of {values.ndim} dimensions",
            where="values",
            allowed="[n_cases] or [n_cases, n_columns]",
        )
    if not 0 < level < 1:
        raise BadInput(f"level {level}", where="level", allowed="between 0 and 1, such as 0.95")
    if users is not None and len(users) != len(values):
        raise BadInput(
            f"{len(users)} users for {len(values)} cases",
            where="users",
            allowed="one for each case",
        )
    return np.asarray(values[:, None] if values.ndim == 1 else values, np.float64)


def _ends(
    clusters: Clusters, column: int, level: float, within: Bounds | None
) -> tuple[float, float]:
    own, parts = clusters.of_users(column)
    if within is not None:
        return UserMean.of_figures(_bounded(own, within), *within, parts).interval(level)
    if len(own) < FEWEST or _too_alike(own):
        return float("nan"), float("nan")
    found = clustered(parts, np.arange(len(parts)), level)
    return found.low, found.high


def _bounded(figures: Doubles, within: Bounds) -> Doubles:
    low, high = within
    # means of figures at a bound may be beyond it in the last bits
    slack = 1e-9 * (high - low)
    if len(figures) and (figures.min() < low - slack or figures.max() > high + slack):
        raise BadInput(
            f"values from {figures.min():g} to {figures.max():g}",
            where="values",
            allowed=f"{low:g} to {high:g}, as given by `within`",
        )
    return np.clip(figures, low, high)


def _too_alike(figures: Doubles) -> bool:
    """Whether most users have one value and hardly anybody another."""
    commonest = int(np.unique(figures, return_counts=True)[1].max())
    others = len(figures) - commonest
    return others < commonest and others < FEWEST_OTHERS
