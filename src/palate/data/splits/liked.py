"""What the value of an event decides, in every split alike, and whether it may come again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Liked:
    """Settings of a splitter that say which values count, for what, and what is masked."""

    relevant_min: float | None = None
    """Events of a lower value are not targets; a user without another one has no case. None: every
    event counts."""
    seen: Literal["mask", "allow"] = "mask"
    """Whether items of a history are masked, or may be recommended again, as groceries are; a
    repeated event is then a target like any other."""
    seen_min: float | None = None
    """Only events of at least this value mask their item. None: every event does."""
    train_min: float | None = None
    """Only events of at least this value are trained on and stand in histories; the others still
    mask their item. None: every event is."""
