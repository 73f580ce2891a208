"""Values that only grow, kept in levels of falling size: a little more costs little, and what was
there before stays whole for those who still read it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

RATIO = 8
"""A level is at least so many times as large as the next one."""
FLOOR = 4_096
"""Levels smaller than that are joined at once: their number costs more than their size."""


def added(
    levels: tuple[T, ...], new: T, size: Callable[[T], int], join: Callable[[T, T], T]
) -> tuple[T, ...]:
    """The levels with one more, joined with those that are too small beside it; the old ones stay.

    Args:
        levels: Largest first.
        new: What is added.
        size: Of a level, in entries.
        join: Two levels into one, the older one first.

    Cost: each entry is written again at most RATIO times for each level below it, and there are at
    most log(all entries / FLOOR) / log(RATIO) + 2 levels.

    >>> added((100, 30), 5, size=lambda n: n, join=lambda a, b: a + b)
    (135,)
    """
    while levels and size(levels[-1]) < max(FLOOR, RATIO * size(new)):
        new = join(levels[-1], new)
        levels = levels[:-1]
    return (*levels, new)
