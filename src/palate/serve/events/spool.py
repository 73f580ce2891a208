"""What is kept of events while the log that processes share is away: a file of this process, from
which they go to the log when it is back.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, final

from palate.event_store import Appended, EventStore, NewEvent, StoredEvent
from palate.serve.events.sqlite import SqliteEvents
from palate.serve.refusals import Conflict, Unavailable
from palate.serve.values import PLAIN, ValueCodec

_CHUNK: Final = 2_000
_MOST_PROCESSES: Final = 256
_BEHIND_THE_LOG: Final = 2**62
"""Added to offsets of waiting events, which come after those of the log."""


@final
class SpooledEvents:
    """`EventStore` that takes events in while the log is away.

    They are on this process's disk when they are acknowledged, under the offset 0, since the log
    has not numbered them. The log gets them in the order in which they came, each once, however
    often it is tried: by their ids.

    Args:
        log: The log.
        spool: The file.
    """

    def __init__(self, log: EventStore, spool: SqliteEvents) -> None:
        self._log, self._spool = log, spool
        self._moving, self._lock = threading.Lock(), threading.Lock()
        self._of_user: dict[str, list[StoredEvent]] = {}
        self._waiting = 0
        after = 0
        while events := spool.read(after):
            self._note(events)
            after = events[-1].offset

    @property
    def waiting(self) -> int:
        """Events that the log does not have yet."""
        return self._waiting

    def pending(self, user: str) -> Sequence[StoredEvent]:
        """Events of a user that the log does not have yet, as if they came after its last one."""
        if not self._waiting:
            return ()
        with self._lock:
            return tuple(self._of_user.get(user, ()))

    def append(self, events: Sequence[NewEvent]) -> list[Appended]:
        """Keep all of them or none, in the log or on this disk, when this returns.

        Raises:
            Unavailable: Neither can be written.
        """
        try:
            return self._log.append(events)
        except Unavailable:
            with self._moving:  # not moved before they are noted
                done = self._spool.append(events)
                kept = zip(events, done, strict=True)
                self._note([StoredEvent(a.offset, e.event_id, e.event) for e, a in kept if a.new])
        return [Appended(0, appended.new) for appended in done]

    def move(self, taken_up: Callable[[], None]) -> None:
        """Give the log what waits.

        Args:
            taken_up: Called when some are in the log, and returns when the state knows of them.

        Raises:
            Unavailable: The log is away; what it did not get waits on.
        """
        while self._waiting:
            with self._moving:  # no one is erased between reading their events and appending them
                events = self._spool.read(most=_CHUNK)
                if not events:
                    return
                self._log.append([NewEvent(e.event_id, e.event) for e in events])
                self._spool.forget(events[-1].offset)
            try:
                taken_up()
            finally:
                self._drop(events)

    def read(self, after: int = 0, most: int = 10_000) -> list[StoredEvent]:
        """As the log has them."""
        return self._log.read(after, most)

    def of_user(self, user: str) -> list[StoredEvent]:
        """As the log has them; see `pending`."""
        return self._log.of_user(user)

    def last_offset(self) -> int:
        """Of the log."""
        return self._log.last_offset()

    def erase_user(self, user: str) -> list[StoredEvent]:
        """Take a user's events out of the log, and out of what waits for it."""
        with self._moving:
            gone = self._log.erase_user(user)
            if self._waiting:
                self._drop(self._spool.erase_user(user))
        return gone

    def erasures(self) -> int:
        """Of the log."""
        return self._log.erasures()

    def close(self) -> None:
        """Let both go; what waits is taken up after the next start."""
        self._log.close()
        self._spool.close()

    def _note(self, events: Sequence[StoredEvent]) -> None:
        with self._lock:
            for event in events:
                behind = StoredEvent(_BEHIND_THE_LOG + event.offset, event.event_id, event.event)
                self._of_user.setdefault(event.event.user, []).append(behind)
            self._waiting += len(events)

    def _drop(self, events: Sequence[StoredEvent]) -> None:
        names = {event.event_id for event in events}
        with self._lock:
            for user in {event.event.user for event in events}:
                left = [e for e in self._of_user.get(user, ()) if e.event_id not in names]
                if left:
                    self._of_user[user] = left
                else:
                    self._of_user.pop(user, None)
            self._waiting = sum(map(len, self._of_user.values()))


def open_spool(folder: Path, codec: ValueCodec = PLAIN) -> tuple[Path, SqliteEvents]:
    """The first spool that no process has, with all that waits in others that no process has: what
    a process left that was killed and did not come back.

    Args:
        folder: The processes' folder; each has one of its own in it, `process-1` and so on.
        codec: What is done with contexts.

    Returns:
        The process's own folder, and its spool.

    Raises:
        Conflict: Very many processes use the folder.
        PalateError: As `SqliteEvents`.
    """
    own: tuple[Path, SqliteEvents] | None = None
    for number in range(1, _MOST_PROCESSES):
        path = folder / f"process-{number}" / "spool.db"
        if own is not None and not path.exists():
            return own
        try:
            found = SqliteEvents(path, codec)
        except Conflict:
            continue
        if own is None:
            own = path.parent, found
        else:
            _take_over(found, own[1])
    if own is None:
        raise Conflict("too many processes use the folder", where=str(folder))
    return own


def _take_over(left: SqliteEvents, own: SqliteEvents) -> None:
    try:
        while events := left.read(most=_CHUNK):
            own.append([NewEvent(e.event_id, e.event) for e in events])
            left.forget(events[-1].offset)
    finally:
        left.close()
