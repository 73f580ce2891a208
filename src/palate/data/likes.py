"""Whether the values of a log tell what was liked from what was not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from palate.arrays import Floats

_MOSTLY_NOT_TAKEN: Final = 0.5


@dataclass(frozen=True)
class Likes:
    """Values with a sign, or of yes and no.

    Attributes:
        least: The least value of an event that was liked.
        shown: Whether the others were rather shown and not taken, so that they may be recommended.
        reason: What was understood, as a whole sentence.
    """

    least: float
    shown: bool
    reason: str


def likes_of(value: Floats) -> Likes | None:
    """What counts as liked; None where the values do not part what was liked from what was not.

    Values on both sides of 0 do, those above it being liked; and so do values of 0 and 1 alone.
    Stars and weights do not: every event says that somebody chose the item.

    Args:
        value: float32 [n_rows], the values of the whole log.

    >>> likes_of(np.array([-3.5, 2.25], np.float32)).least
    2.25
    """
    values = np.unique(value)
    above = values[values > 0]
    if len(values) < 2 or not len(above):
        return None
    share = float((value <= 0).mean())
    if values[0] < 0:
        # the shortest way to write the number that is still the same float32
        least = float(str(above[0]))
        reason = (
            f"Values lie between {values[0]:g} and {values[-1]:g}: those above 0 are read as liked,"
            f" the other {share:.0%} as not liked, which are neither trained on nor targets."
        )
        return Likes(least, False, reason)
    if len(values) == 2 and values[0] == 0:
        shown = share >= _MOSTLY_NOT_TAKEN
        other = "shown and not taken" if shown else "not liked"
        reason = (
            f"Values are 0 and {values[1]:g}: {share:.0%} of the events are 0, which is read as"
            f" {other}; they are neither trained on nor targets."
        )
        return Likes(float(str(above[0])), shown, reason)
    return None
