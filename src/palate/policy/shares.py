"""Probabilities over candidates."""

from __future__ import annotations

import numpy as np

from palate.arrays import Doubles, Mask


def uniform(allowed: Mask) -> Doubles:
    """float64 [n, m], all allowed candidates of a round alike; zeros where none is allowed.

    >>> uniform(np.array([[True, False, True], [False, False, False]])).tolist()
    [[0.5, 0.0, 0.5], [0.0, 0.0, 0.0]]
    """
    return np.asarray(allowed / np.maximum(allowed.sum(axis=1, keepdims=True), 1))


def mixed(first: Doubles, other: Doubles, share: float) -> Doubles:
    """float64 [n, m], `other` in so large a share of rounds, and else `first`."""
    return np.asarray((1 - share) * first + share * other) if share else first
