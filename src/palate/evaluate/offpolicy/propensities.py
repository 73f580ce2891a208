"""Propensities where none were logged: how often the policy at work took each action."""

from __future__ import annotations

import numpy as np

from palate.arrays import Doubles, Rows
from palate.errors import BadInput


def estimated_propensities(
    action: Rows, n_actions: int, segment: Rows | None = None, smoothing: float = 1.0
) -> Doubles:
    """float64 [n_segments, n_actions], the share of each action in each segment of the rounds.

    Right where the policy at work looked at the segment alone. A policy that looked at the user
    cannot be undone by this: such figures are never more than "weak".

    Args:
        action: int32 [n], the action of each round.
        n_actions: How many there are.
        segment: int32 [n], from 0 on, what the policy looked at, such as the position; None: one.
        smoothing: Rounds of the share over all segments that each segment is mixed with, >= 0.

    Raises:
        BadInput: Segments that do not fit the rounds.

    >>> estimated_propensities(np.array([0, 0, 1, 0], np.int32), 3, smoothing=0).tolist()
    [[0.75, 0.25, 0.0]]
    """
    if segment is None:
        segment = np.zeros(len(action), np.int32)
    if segment.shape != action.shape or segment.min(initial=0) < 0:
        raise BadInput(
            f"segments of shape {segment.shape} for {len(action)} rounds",
            where="segment",
            allowed="a number from 0 on for each round",
        )
    n_segments = int(segment.max(initial=0)) + 1
    flat = np.bincount(
        segment.astype(np.int64) * n_actions + action, minlength=n_segments * n_actions
    )
    count = flat.reshape(n_segments, n_actions).astype(np.float64)
    overall = count.sum(axis=0) / max(len(action), 1)
    total = count.sum(axis=1, keepdims=True) + smoothing
    smoothed = count + smoothing * overall
    everywhere = np.tile(overall, (n_segments, 1))
    return np.asarray(np.divide(smoothed, total, out=everywhere, where=total > 0), np.float64)
