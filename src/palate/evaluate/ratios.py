"""How many per cent one model is ahead of another, with an interval that knows that the base is a
figure with an error of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from palate.arrays import Doubles, Rows
from palate.errors import BadInput
from palate.evaluate.intervals import Clusters, as_columns
from palate.evaluate.user_means import FEWEST, UserMean, typical

SUREST = 0.25
"""A base whose interval reaches below this share of itself is not clearly above zero."""
_FARTHEST = 1e6


@dataclass(frozen=True)
class PercentLift:
    """The lift of a mean over a base, in per cent of the base.

    Attributes:
        value: 100 * (mean of a / mean of b - 1), never below -100.
        low: Lower end of its interval, never below -100.
        high: Upper end.
    """

    value: float
    low: float
    high: float


def lift(
    a: Doubles, b: Doubles, users: Rows | None = None, level: float = 0.95, most: float = 1.0
) -> PercentLift | None:
    """The lift of `a` over the base `b`, paired over users; None where a per cent means nothing.

    After Fieller: a ratio r is in the interval unless the mean of a - r * b differs from zero, by
    the same method as `palate.evaluate.comparisons.compare`. So the interval takes in how uncertain
    the base is, and it excludes 0 % just where the interval of the difference excludes 0 (at the
    same level: give a family's `PairedDifference.level`).

    None: fewer than five users, or a base that is not clearly above zero (its own interval
    reaches below a quarter of it), where a few hits more or fewer would change any per cent.

    Args:
        a: float64 [n_cases], one metric of the model, 0 or more; NaN where a case has none.
        b: float64 [n_cases], the same of the base.
        users: int32 [n_cases], whose case it is; None: every case is another user.
        level: Share of such intervals that should hold the true lift.
        most: Greatest value of the metric.

    Raises:
        BadInput: The two do not have the same cases, or are not between 0 and `most`.

    Cost: about 200 passes over the distinct pairs of figures.

    >>> base = np.repeat([0.0, 0.5, 1.0], 40)
    >>> found = lift(np.minimum(base + np.tile([0.1, 0.0], 60), 1), base)
    >>> [round(x) for x in (found.value, found.low, found.high)]
    [7, 5, 9]

    Fieller, Some problems in interval estimation, JRSS B 1954.
    """
    pairs = _paired(a, b, users, level, most)
    if len(pairs.count) == 0 or pairs.count.sum() < FEWEST:
        return None
    base, base_low = pairs.base(level, most)
    if base <= 0 or base_low < SUREST * base:
        return None
    t = float(special.stdtrit(pairs.count.sum() - 1, (1 + level) / 2))
    share = max(float(pairs.count @ pairs.a / pairs.count.sum()) / base, 0.0)
    low = _crossing(lambda r: pairs.minus(r, most).roots()[0] + t, share, up=False)
    high = _crossing(lambda r: pairs.minus(r, most).roots()[1] - t, share, up=True)
    return (
        None if high is None else PercentLift(*(100 * (r - 1) for r in (share, low or 0.0, high)))
    )


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Users' figures of both models, each distinct pair once.

    Attributes:
        a: float64 [n], parts in the mean of the model.
        b: float64 [n], parts in the mean of the base.
        own: float64 [n, 2], the users' own figures.
        count: float64 [n], how many users have the pair.
    """

    a: Doubles
    b: Doubles
    own: Doubles
    count: Doubles

    def base(self, level: float, most: float) -> tuple[float, float]:
        """The base and the lower end of its interval."""
        times = self.count.astype(np.int64)
        own, parts = np.repeat(self.own[:, 1], times), np.repeat(self.b, times)
        low, _ = UserMean.of_figures(own, 0.0, most, parts).interval(level)
        return float(parts.mean()), low

    def minus(self, r: float, most: float) -> UserMean:
        """The users' figures of a - r * b."""
        # users whom both serve alike stay out for every r, as they do at r = 1
        apart = self.own[:, 0] != self.own[:, 1]
        sizes = self.own[apart, 0] - r * self.own[apart, 1]
        size = typical(sizes, most, self.count[apart])
        # a model that hits hardly anybody: the next hit that it was not seen to have is one of its
        # own, which differences to a small share of the base are too small to tell of
        hits = self.own[:, 0] > 0
        hit = max(1 - r, 0.0) * typical(self.own[hits, 0], most, self.count[hits])
        return UserMean(self.a - r * self.b, self.count, -size, max(size, hit))


def _paired(a: Doubles, b: Doubles, users: Rows | None, level: float, most: float) -> _Pairs:
    if a.shape != b.shape or a.ndim != 1:
        raise BadInput(
            f"figures of shapes {a.shape} and {b.shape}",
            where="lift",
            allowed="two arrays [n_cases]",
        )
    both = as_columns(np.stack([a, b], axis=1), users, level)
    both = np.where(np.isnan(both).any(axis=1, keepdims=True), np.nan, both)
    if np.nanmin(both, initial=0.0) < 0 or np.nanmax(both, initial=0.0) > most * (1 + 1e-9):
        raise BadInput("figures outside of their bounds", where="lift", allowed=f"0 to {most:g}")
    clusters = Clusters.of(both, users)
    (own_a, a_parts), (own_b, b_parts) = clusters.of_users(0), clusters.of_users(1)
    rows, count = np.unique(
        np.stack([a_parts, b_parts, own_a, own_b], axis=1), axis=0, return_counts=True
    )
    return _Pairs(rows[:, 0], rows[:, 1], rows[:, 2:], count.astype(np.float64))


def _crossing(off: Callable[[float], float], start: float, *, up: bool) -> float | None:
    """The ratio beyond `start` where `off`, which rises with it, is zero; None where there is none.

    Args:
        off: How far the ratio is from the end of the interval.
        start: A ratio within the interval.
        up: Whether to look upwards.
    """
    here = max(start, 1 / _FARTHEST)
    step, nearer = 1.1, here
    while (off(here) < 0) == up:
        nearer, here = here, here * step if up else here / step
        if not 1 / _FARTHEST <= here <= _FARTHEST:
            return None
        step *= step
    if here == nearer:
        return here
    low, high = min(nearer, here), max(nearer, here)
    return float(optimize.brentq(off, low, high, xtol=1e-9, rtol=1e-9))
