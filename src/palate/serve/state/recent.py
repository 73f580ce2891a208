"""The last events of all users: what is taken now, and in which context."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias, final

from palate.event_store import EventStore, StoredEvent

MOST: Final = 10_000
"""Events that are looked at."""
MOST_FIELDS: Final = 20
"""Fields of an event's context that are counted."""

FieldOfContext: TypeAlias = tuple[str, str]
"""A field of a context and its value; both empty for all events."""
EVERYWHERE: Final[FieldOfContext] = ("", "")


class _Kept(NamedTuple):
    offset: int
    user: str
    item: str
    contexts: tuple[FieldOfContext, ...]


@final
class RecentEvents:
    """Counts of the last events, for all of them and for each value of their contexts (a
    `palate.serve.events.log.Follower`). After a start they are read from the log again.

    Args:
        store: The log.
        leave_out: Actions that do not count.
        most: Events that are looked at.
    """

    def __init__(self, store: EventStore, leave_out: Collection[str], most: int = MOST) -> None:
        self._store, self._leave_out, self._most = store, frozenset(leave_out), most
        self._kept: deque[_Kept] = deque()
        self._counts: dict[FieldOfContext, Counter[str]] = {}
        self._lock = threading.Lock()
        self._offset = 0
        self._read()

    def follow(self, events: Sequence[StoredEvent]) -> None:
        """Count them, and let the oldest go."""
        with self._lock:
            for stored in events:
                if stored.offset > self._offset:
                    self._offset = stored.offset
                    self._add(stored)

    def erase(self, user: str, events: Sequence[StoredEvent]) -> None:
        """Count without this user's; read them again where another process erased somebody."""
        if not user:
            self._read()
            return
        with self._lock:
            left = deque(kept for kept in self._kept if kept.user != user)
            for kept in self._kept:
                if kept.user == user:
                    self._count(kept, -1)
            self._kept = left

    def counts(self, field: FieldOfContext = EVERYWHERE) -> Mapping[str, int]:
        """Item -> how many of the last events, in that context."""
        with self._lock:
            return dict(self._counts.get(field, {}))

    def has(self, name: str) -> bool:
        """Whether one of the last events has a context with that field."""
        with self._lock:
            return any(field == name for field, _ in self._counts)

    def _read(self) -> None:
        with self._lock:
            self._kept.clear()
            self._counts.clear()
            self._offset = max(self._store.last_offset() - self._most, 0)
        while events := self._store.read(self._offset):
            self.follow(events)

    def _add(self, stored: StoredEvent) -> None:
        event = stored.event
        if event.action in self._leave_out:
            return
        fields = list(event.context.items())[:MOST_FIELDS]
        contexts = (EVERYWHERE, *((name, spelled(value)) for name, value in fields))
        self._kept.append(_Kept(stored.offset, event.user, event.item, contexts))
        self._count(self._kept[-1], 1)
        if len(self._kept) > self._most:
            self._count(self._kept.popleft(), -1)

    def _count(self, kept: _Kept, by: int) -> None:
        for one in kept.contexts:
            counter = self._counts.setdefault(one, Counter())
            counter[kept.item] += by
            if not counter[kept.item]:
                del counter[kept.item]
            if not counter:
                del self._counts[one]


def spelled(value: Any) -> str:
    """A value of a context as text, so that 1, 1.0 and "1" are one.

    >>> spelled(1.0), spelled("1"), spelled(True), spelled(0.5)
    ('1', '1', 'true', '0.5')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
