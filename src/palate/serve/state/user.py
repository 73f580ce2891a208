"""What one user did lately."""

from __future__ import annotations

import bisect
import heapq
import sys
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple, final

from msgspec import Struct

from palate.event_store import StoredEvent
from palate.serve.state.counter import Counter, copied


class Taken(Struct, frozen=True, order=True, array_like=True, gc=False):
    """One event of a user; they are in order by time, and of one time as they came. A service keeps
    200 of a person, so it is as small as it can be.

    Attributes:
        time: In seconds; of an event without a time that of the user's latest one.
        offset: Number in the log.
        item: The item's id.
        value: The event's value.
    """

    time: int
    offset: int
    item: str
    value: float


class Done(NamedTuple):
    """One event of a user with its kind.

    Attributes:
        taken: The event.
        action: What was done; empty where unknown.
    """

    taken: Taken
    action: str


@final
@dataclass(slots=True)
class UserState:
    """Recent history for each kind of event, and how often each kind happened.

    Kinds are apart so that a hundred views do not push the one purchase out.

    Attributes:
        recent: Action -> its last events, oldest first.
        counters: Action -> how often.
        latest: The latest time of an event.
    """

    recent: dict[str, list[Taken]] = field(default_factory=dict)
    counters: dict[str, Counter] = field(default_factory=dict)
    latest: int = 0

    def add(self, stored: StoredEvent, most: int, half_life: float) -> None:
        """One more event.

        Args:
            stored: The event.
            most: Events of each kind that are kept, >= 1.
            half_life: Of the counters, in seconds.
        """
        event = stored.event
        time = self.latest if event.time is None else event.time
        self.latest = max(self.latest, time) if self.counters else time
        kept, taken = (
            self.recent.get(event.action),
            Taken(time, stored.offset, sys.intern(event.item), event.value),
        )
        if kept is None:
            kept = self.recent[event.action] = []
            self.counters[event.action] = Counter()
        if kept and taken < kept[-1]:
            bisect.insort(kept, taken)
        else:  # most come in their order
            kept.append(taken)
        if len(kept) > most:
            del kept[0]
        self.counters[event.action].add(time, half_life)

    def copied(self) -> UserState:
        """One that stays as this is now."""
        recent = {action: list(kept) for action, kept in self.recent.items()}
        return UserState(recent, copied(self.counters), self.latest)

    def history(self, leave_out: Collection[str] = ()) -> list[Done]:
        """All recent events, oldest first, without those of some kinds."""
        kinds = [
            [Done(taken, action) for taken in kept]
            for action, kept in self.recent.items()
            if action not in leave_out
        ]
        return list(heapq.merge(*kinds))
