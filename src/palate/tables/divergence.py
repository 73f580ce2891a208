"""How far the shares of a list are from those of a history."""

from __future__ import annotations

from typing import Final

import numpy as np

from palate.arrays import Doubles

SMOOTHING: Final = 0.01
"""Share of the history's shares that is mixed into the list's, so that a value which the list lacks
does not cost infinitely much."""
MOST: Final = float(-np.log(SMOOTHING))
"""The most that `smoothed_divergence` gives."""


def smoothed_divergence(taste: Doubles, taken: Doubles) -> Doubles:
    """float64 [...], Kullback-Leibler divergence of p = `taste` from .99 q + .01 p, with q the
    shares of a list: 0 where they are the same, `MOST` where no value of the history is in the
    list. In nats.

    Args:
        taste: float64 [g] or [..., g], adding up to 1.
        taken: float64 [..., g], weights of the values in each list, of any sum; a list without any
            value is taken to have none of the history's.

    Steck, Calibrated recommendations, RecSys 2018.

    >>> both, one = np.array([0.5, 0.5]), np.array([[3.0, 3.0], [1.0, 0.0]])
    >>> smoothed_divergence(both, one).round(3).tolist()
    [0.0, 1.959]
    """
    total = taken.sum(axis=-1, keepdims=True)
    q = np.divide(taken, total, out=np.zeros_like(taken), where=total > 0)
    mixed = (1 - SMOOTHING) * q + SMOOTHING * taste
    ratio = np.divide(taste, mixed, out=np.ones(np.broadcast(taste, mixed).shape), where=taste > 0)
    return np.asarray((taste * np.log(ratio)).sum(axis=-1))
