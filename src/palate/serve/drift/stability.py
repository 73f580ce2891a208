"""The population stability index: how far one distribution is from another, and how far it would be
by noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from palate.arrays import Doubles, Longs

BINS: Final = 10
ALARM: Final = 0.25
"""Above which a distribution is commonly taken to be another one."""
_LEVEL: Final = 0.999


@dataclass(frozen=True)
class Stability:
    """A distribution now beside that of the run.

    Attributes:
        psi: Population stability index; 0 where both are alike.
        of_noise: What it stays below in 999 of 1,000 times where nothing changed.
        alarm: Whether it is above 0.25, and above what noise does.
    """

    psi: float
    of_noise: float
    alarm: bool


def stability(before: Longs, now: Longs, comparisons: int = 1) -> Stability:
    """Compare how often each bin came before, and comes now.

    Half an event more is counted in each bin, so that none is empty.

    Args:
        before: int64 [n_bins].
        now: int64 [n_bins].
        comparisons: Of so many such numbers the largest is looked at.

    >>> stability(np.full(10, 500), np.full(10, 50)).psi
    0.0
    >>> stability(np.array([900, 100]), np.array([10, 90])).alarm
    True
    """
    p, q = _shares(before), _shares(now)
    psi = float(((q - p) * np.log(q / p)).sum())
    n, m = int(before.sum()), int(now.sum())
    if not n or not m:
        return Stability(0.0, math.inf, alarm=False)
    # where nothing changed it is chi-square distributed, but for this factor (Yurdakul 2018)
    freedom = max(len(before) - 1, 1)
    quantile = float(special.chdtri(freedom, 1 - _LEVEL ** (1 / comparisons)))
    of_noise = quantile * (1 / n + 1 / m)
    return Stability(psi, of_noise, psi > max(ALARM, of_noise))


def edges(values: Doubles) -> Doubles:
    """float64 [<= BINS - 1], the inner ends of bins that have as many of the values each."""
    return np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1]))


def _shares(counts: Longs) -> Doubles:
    filled = counts + 0.5
    return np.asarray(filled / filled.sum(), np.float64)
