"""A list within limits, made position by position: what is left where a solver ran out of time."""

from __future__ import annotations

import numpy as np

from palate.arrays import Doubles, Mask, Rows
from palate.policy.slates.limits import Limits


def greedy_within(gain: Doubles, limits: Limits) -> Rows | None:
    """int32 [m], a list that keeps the limits, or None where this way finds none: at each position
    the best candidate that is within them, and that leaves room for what the list still must have.

    Args:
        gain: float64 [n], of each candidate.
        limits: What the list keeps.
    """
    order: list[int] = []
    pinned = {int(at): candidate for candidate, at in enumerate(limits.pins) if at >= 0}
    for position in range(limits.length):
        if position in pinned:
            order.append(pinned[position])
            continue
        open_ = _open(order, limits)
        if not open_.any():
            return None
        order.append(int(np.argmax(np.where(open_, gain, -np.inf))))
    found = np.array(order, np.int32)
    return found if limits.kept(found) else None


def _open(order: list[int], limits: Limits) -> Mask:
    """bool [n], which candidates may come next."""
    pinned = np.flatnonzero(limits.pins >= len(order)).tolist()
    held = limits.member[[*order, *pinned]].sum(axis=0)
    open_ = limits.pins < 0
    open_[order] = False
    open_ &= ~(limits.member & (held >= limits.most)).any(axis=1)
    if limits.spacing:
        ahead = [one for one in pinned if limits.pins[one] <= len(order) + limits.spacing]
        near = limits.member[[*order[-limits.spacing :], *ahead]].any(axis=0)
        open_ &= ~(limits.member & near).any(axis=1)
    # positions that are left once this one is taken must be enough for what is still wanted of
    # any one value; a candidate with several values may serve several of them
    lacking = np.maximum(limits.least - held, 0)
    left = limits.length - len(order) - len(pinned) - 1
    urgent = lacking > left
    return np.asarray(open_ & limits.member[:, urgent].all(axis=1))
