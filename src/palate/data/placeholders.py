"""Whether one value of a log stands for "no rating" among the ratings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from palate.arrays import Doubles, Longs

LEAST_SHARE: Final = 0.01
LEAST_COUNT: Final = 10
"""A rarer value is taken for a slip, not for a placeholder."""
LEVELS: Final = 5
"""So many other values make a scale; with fewer they may be weights of actions."""
MOST_LEVELS: Final = 21
"""The most levels of a scale in steps: 0 to 10 by halves."""
LONGEST: Final = 10.0
"""The highest level of such a scale."""
TIMES: Final = 2.0
"""A 0 below a scale from 1 on is one more level unless it is so many times as frequent as the 1."""
FULL: Final = 0.8
"""Share of the steps of a scale that are taken by somebody."""


@dataclass(frozen=True)
class Placeholder:
    """A value that stands apart from a scale.

    Attributes:
        value: The value.
        count: How many events have it.
        low: The least of the others.
        high: The greatest of the others.
        n_events: Events with a value.
    """

    value: float
    count: int
    low: float
    high: float
    n_events: int

    @property
    def sentence(self) -> str:
        """What was found, as a whole sentence."""
        return (
            f"{self.count:,} of {self.n_events:,} events have the value {self.value:g}, apart from"
            f" the others ({self.low:g} to {self.high:g}), and it counts like them: it may mean"
            ' "no rating".'
        )

    @property
    def advice(self) -> str:
        """What to do about it."""
        above = self.value > self.high
        key, bound = ("max_value", self.high) if above else ("min_value", self.low)
        return (
            f'if it means "no rating", [clean] {key} = {bound:g} leaves such events out; if they'
            ' are choices all the same, value_column = "-" counts every event alike'
        )


def placeholder_of(value: Doubles) -> Placeholder | None:
    """The extreme value that is frequent and no level of the scale of the others; None for none.

    Far above or below a scale (99 beside -10 to 10, 9999 beside 1 to 5): further away than the
    scale is long. The only negative one beside it (-1 beside 1 to 5). A 0 below a scale from 1 on
    if it is far more frequent than the 1. Counts, prices and weights are no scale, so none of their
    values is taken for a placeholder.

    Args:
        value: float64 [n], finite.

    Cost: one sort.

    >>> ratings = np.repeat([1.0, 2.0, 3.0, 4.0, 5.0, 99.0], [10, 20, 40, 60, 50, 30])
    >>> found = placeholder_of(ratings)
    >>> found.value, found.count, placeholder_of(ratings[ratings < 99])
    (99.0, 30, None)
    """
    levels, counts = np.unique(value, return_counts=True)
    if len(levels) <= LEVELS:
        return None
    for at, rest in ((-1, slice(None, -1)), (0, slice(1, None))):
        others, count = levels[rest], int(counts[at])
        frequent = count >= max(LEAST_COUNT, LEAST_SHARE * len(value))
        if frequent and _stands_apart(float(levels[at]), count, others, counts[rest]):
            ends = float(others[0]), float(others[-1])
            return Placeholder(float(levels[at]), count, *ends, len(value))
    return None


def _stands_apart(value: float, count: int, others: Doubles, counts: Longs) -> bool:
    low, high = float(others[0]), float(others[-1])
    stepped = _is_stepped(others)
    if not (stepped or _is_balanced(others)):
        return False
    gap = low - value if value < low else value - high
    if gap > high - low:
        return True
    if value < 0 <= low:
        return stepped and gap > _step(others)
    # of counts the least is the most frequent; of ratings it hardly ever is
    rated = bool(counts.argmax() > 0)
    return value == 0 and low == 1 and stepped and rated and count > TIMES * counts[0]


def _is_stepped(levels: Doubles) -> bool:
    """Whether they are the steps of a scale from 0, a half or 1 on, nearly all of them taken."""
    if not (0 <= levels[0] <= 1 and levels[-1] <= LONGEST and len(levels) <= MOST_LEVELS):
        return False
    step = _step(levels)
    steps = (levels - levels[0]) / step
    whole = bool(np.all(np.abs(steps - np.round(steps)) < 1e-4))
    return whole and len(levels) >= FULL * (round(float(steps[-1])) + 1)


def _is_balanced(levels: Doubles) -> bool:
    """Whether they lie on both sides of 0, about as far on either."""
    low, high = float(levels[0]), float(levels[-1])
    return low < 0 < high and 0.5 <= -low / high <= 2


def _step(levels: Doubles) -> float:
    return float(np.diff(levels).min())
