"""The state of a running service: users and items, as the log has them up to an offset."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, TypeAlias, final

from annotated_types import Gt

from palate.event_store import EventStore, StoredEvent
from palate.serve.state.counter import Counter, copied
from palate.serve.state.user import Done, UserState

DAY = 86_400

ItemCounters: TypeAlias = dict[str, dict[str, Counter]]
"""Id -> action -> how often."""


@dataclass(frozen=True)
class StateSettings:
    """What is remembered of the log."""

    recent: Annotated[int, Gt(0)] = 200
    """Events of each kind that a user's history goes back."""
    half_life_days: Annotated[float, Gt(0)] = 7.0
    """After so many days an event counts half in the decayed counters."""

    @property
    def half_life(self) -> float:
        """In seconds."""
        return self.half_life_days * DAY


@final
@dataclass
class Folded:
    """What a log comes to up to an offset.

    Attributes:
        settings: What is remembered.
        offset: Offset of the last event in it.
        users: Id -> state.
        items: Id -> action -> how often.
    """

    settings: StateSettings = StateSettings()
    offset: int = 0
    users: dict[str, UserState] = field(default_factory=dict)
    items: ItemCounters = field(default_factory=dict)

    def add(self, stored: StoredEvent) -> None:
        """Take up an event; one that is in it already changes nothing."""
        if stored.offset > self.offset:
            self.add_to_user(stored)
            self.add_to_item(stored)
            self.offset = stored.offset

    def add_to_user(self, stored: StoredEvent) -> None:
        """Take up what an event says of its user alone."""
        user = self.users.get(stored.event.user)
        if user is None:
            user = self.users[stored.event.user] = UserState()
        user.add(stored, self.settings.recent, self.settings.half_life)

    def add_to_item(self, stored: StoredEvent) -> None:
        """Take up what an event says of its item alone."""
        count(self.items, stored, self.settings.half_life)

    def erase(self, user: str, events: Sequence[StoredEvent]) -> None:
        """Go on as if these events, all of the user, had not been."""
        self.users.pop(user, None)
        for stored in events:
            if stored.offset <= self.offset:
                uncount(self.items, stored, self.settings.half_life)


def count(items: ItemCounters, stored: StoredEvent, half_life: float) -> None:
    """Count an event for its item."""
    event = stored.event
    counter = items.setdefault(event.item, {}).setdefault(event.action, Counter())
    counter.add(counter.time if event.time is None else event.time, half_life)


def uncount(items: ItemCounters, stored: StoredEvent, half_life: float) -> None:
    """Go on as if an event that was counted had not been."""
    event = stored.event
    counters = items[event.item]
    counter = counters[event.action]
    counter.remove(counter.time if event.time is None else event.time, half_life)
    if not counter.count:
        del counters[event.action]
    if not counters:
        del items[event.item]


def counts_of(items: ItemCounters, leave_out: Collection[str]) -> dict[str, int]:
    """Item -> its events, without those of some kinds."""
    return {
        item: sum(c.count for action, c in counters.items() if action not in leave_out)
        for item, counters in items.items()
    }


@final
class LiveState:
    """`Folded`, kept up with the log (a `palate.serve.events.log.Follower`) and read by other
    threads.

    Args:
        folded: Where it starts.
    """

    def __init__(self, folded: Folded) -> None:
        self._folded = folded
        self._lock = threading.RLock()

    def follow(self, events: Sequence[StoredEvent]) -> None:
        """Take up new events."""
        with self._lock:
            for event in events:
                self._folded.add(event)

    def erase(self, user: str, events: Sequence[StoredEvent]) -> None:
        """Go on as if these events of a user had not been."""
        with self._lock:
            self._folded.erase(user, events)

    def history(self, user: str, leave_out: Collection[str] = ()) -> list[Done]:
        """The user's recent events, oldest first, without those of some kinds."""
        with self._lock:
            found = self._folded.users.get(user)
            return [] if found is None else found.history(leave_out)

    def user_counters(self, user: str) -> Mapping[str, Counter]:
        """How often the user did what; empty for a user without events."""
        with self._lock:
            found = self._folded.users.get(user)
            return {} if found is None else copied(found.counters)

    def item_counters(self, item: str) -> Mapping[str, Counter]:
        """How often what was done with the item; empty for one without events."""
        with self._lock:
            return copied(self._folded.items.get(item, {}))

    def item_counts(self, leave_out: Collection[str] = ()) -> tuple[dict[str, int], int]:
        """Item -> its events, without those of some kinds; and the offset up to which they are
        counted.
        """
        with self._lock:
            return counts_of(self._folded.items, leave_out), self._folded.offset

    def names(self) -> tuple[list[str], list[str], int]:
        """Users and items with an event, and the offset up to which they are all that there are."""
        with self._lock:
            return list(self._folded.users), list(self._folded.items), self._folded.offset

    def some_users(self, users: Sequence[str]) -> tuple[int, dict[str, UserState]]:
        """A copy of what is known of some users, and the offset up to which it stands."""
        with self._lock:
            found = ((user, self._folded.users.get(user)) for user in users)
            known = {user: state.copied() for user, state in found if state is not None}
            return self._folded.offset, known

    def some_items(self, items: Sequence[str]) -> tuple[int, dict[str, dict[str, Counter]]]:
        """A copy of what is known of some items, and the offset up to which it stands."""
        with self._lock:
            found = ((item, self._folded.items.get(item)) for item in items)
            known = {item: copied(counters) for item, counters in found if counters is not None}
            return self._folded.offset, known

    @property
    def settings(self) -> StateSettings:
        """What is remembered."""
        return self._folded.settings

    @property
    def half_life(self) -> float:
        """Of the counters, in seconds."""
        return self._folded.settings.half_life

    @property
    def offset(self) -> int:
        """Offset of the last event that was taken up."""
        return self._folded.offset

    @property
    def n_users(self) -> int:
        """Users with an event."""
        return len(self._folded.users)


def replay(folded: Folded, store: EventStore) -> int:
    """Take up everything of the log that is not in the state yet.

    Returns:
        How many events that were.

    Cost: about 15 us an event.
    """
    count = 0
    while events := store.read(folded.offset):
        for event in events:
            folded.add(event)
        count += len(events)
    return count
