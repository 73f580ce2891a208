"""A mean that was estimated from a sample of users."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A mean that was estimated from a sample of users.

    Attributes:
        value: The mean over all observations.
        low: Lower end of the interval; NaN with fewer than two users.
        high: Upper end.
        p: Two-sided probability of a value so far from zero, were the true one zero; NaN with fewer
            than two users, or where a method has none.
        error: Standard error of the value.
        n_users: Users, the independent units.
        bend: How skewed the value is: skewness of the users' contributions over the root of their
            number.
        level: Share of such intervals that should hold the true mean.
    """

    value: float
    low: float
    high: float
    p: float
    error: float
    n_users: int
    bend: float = 0.0
    level: float = 0.95
