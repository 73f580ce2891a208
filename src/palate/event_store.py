"""What keeps the log of a live service: the interface of every store of events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from palate.tables import Event


@dataclass(frozen=True)
class NewEvent:
    """An event that is to be kept.

    Attributes:
        event_id: Its sender's name for it: of two with one name only the first is kept.
        event: What happened.
    """

    event_id: str
    event: Event


@dataclass(frozen=True)
class StoredEvent:
    """An event of the log.

    Attributes:
        offset: Its number in the log, from 1 on; numbers grow, and none is used twice.
        event_id: Its sender's name for it.
        event: What happened.
    """

    offset: int
    event_id: str
    event: Event


@dataclass(frozen=True)
class Appended:
    """What became of an event.

    Attributes:
        offset: Its number in the log.
        new: False where an event of this name was there already, and stays as it was.
    """

    offset: int
    new: bool


class EventStore(Protocol):
    """An append-only log that survives the process; `palate.testing.event_store` is its contract.

    Calls block. Several threads may call at the same time, and where several processes share a log,
    all of them. A caller that reads an event has read, or reads before it, every event of a lower
    offset: none is committed behind a reader.
    """

    def append(self, events: Sequence[NewEvent]) -> list[Appended]:
        """Keep all of them or none; they are on the disk when this returns.

        Raises:
            Unavailable: They could not be kept, and nothing of them was.
        """
        ...

    def read(self, after: int = 0, most: int = 10_000) -> list[StoredEvent]:
        """The first `most` events whose offset is above `after`, in order."""
        ...

    def of_user(self, user: str) -> list[StoredEvent]:
        """All events of a user, in order."""
        ...

    def last_offset(self) -> int:
        """The highest offset that was ever given, 0 for none; erasing does not lower it."""
        ...

    def erase_user(self, user: str) -> list[StoredEvent]:
        """Take a user's events out of the log for good.

        Returns:
            What they were, so that counts can be mended.

        Raises:
            Unavailable: Nothing was erased.
        """
        ...

    def erasures(self) -> int:
        """How many times events were erased: what was made of the log before is out of date."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...
