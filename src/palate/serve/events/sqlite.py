"""The embedded log: one SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, final

from palate.event_store import Appended, NewEvent, StoredEvent
from palate.serve.database import Database
from palate.serve.events.context import context_of, context_text
from palate.serve.values import PLAIN, ValueCodec
from palate.tables import Event

APPLICATION: Final = 0x70616C65

MIGRATIONS: Final = (
    """
    CREATE TABLE events (
        offset INTEGER PRIMARY KEY,
        event_id TEXT NOT NULL UNIQUE,
        user TEXT NOT NULL,
        item TEXT NOT NULL,
        action TEXT NOT NULL,
        time INTEGER,
        value REAL NOT NULL,
        request TEXT NOT NULL,
        position INTEGER,
        propensity REAL,
        context TEXT NOT NULL
    ) STRICT;
    CREATE INDEX events_of_user ON events (user);
    CREATE TABLE counts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO counts VALUES ('erasures', 0), ('last offset', 0)
    """,
)
"""Scripts from each version of the schema to the next; one that was released is never changed."""

_INSERT: Final = (
    "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING"
)
_COLUMNS: Final = (
    "offset, event_id, user, item, action, time, value, request, position, propensity, context"
)


@final
class SqliteEvents:
    """`EventStore` in one file, for one process; nothing else has to run.

    Args:
        path: The file; made if it is not there.
        codec: What is done with contexts.

    Raises:
        Conflict: Another process has it open.
        BadInput: It is no file of events, or one of a later version of palate.
        DamagedArtefact: It is damaged.
        Unavailable: It cannot be opened or written.

    Cost: an append syncs the disk once, 2 to 5 ms on a plain one, whatever the number of events.
    """

    def __init__(self, path: Path, codec: ValueCodec = PLAIN) -> None:
        self._database, self._codec = Database(path, APPLICATION, MIGRATIONS), codec

    def append(self, events: Sequence[NewEvent]) -> list[Appended]:
        """Keep all of them or none; they are on the disk when this returns.

        Raises:
            Unavailable: The disk is full or broken; nothing was kept.
        """
        with self._database.transaction() as connection:
            first = _count(connection, "last offset")
            done = self._put_new(connection, events, first) or self._put_each(
                connection, events, first
            )
            last = max((one.offset for one in done), default=0)
            if last > first:
                _set_count(connection, "last offset", last)
        return done

    def read(self, after: int = 0, most: int = 10_000) -> list[StoredEvent]:
        """The first `most` events whose offset is above `after`, in order."""
        query = f"SELECT {_COLUMNS} FROM events WHERE offset > ? ORDER BY offset LIMIT ?"  # noqa: S608
        with self._database.reading() as connection:
            rows = connection.execute(query, (after, most)).fetchall()
        return [self._event(row) for row in rows]

    def of_user(self, user: str) -> list[StoredEvent]:
        """All events of a user, in order."""
        query = f"SELECT {_COLUMNS} FROM events WHERE user = ? ORDER BY offset"  # noqa: S608
        with self._database.reading() as connection:
            rows = connection.execute(query, (user,)).fetchall()
        return [self._event(row) for row in rows]

    def last_offset(self) -> int:
        """The highest offset that was ever given, 0 for none."""
        with self._database.reading() as connection:
            return _count(connection, "last offset")

    def erase_user(self, user: str) -> list[StoredEvent]:
        """Take a user's events out of the file, in such a way that no byte of them is left."""
        query = f"SELECT {_COLUMNS} FROM events WHERE user = ? ORDER BY offset"  # noqa: S608
        with self._database.transaction() as connection:
            rows = connection.execute(query, (user,)).fetchall()
            if rows:
                connection.execute("DELETE FROM events WHERE user = ?", (user,))
                _set_count(connection, "erasures", _count(connection, "erasures") + 1)
        self._database.overwrite_deleted()
        return [self._event(row) for row in rows]

    def forget(self, up_to: int) -> None:
        """Take away all events up to an offset, which are kept elsewhere now."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM events WHERE offset <= ?", (up_to,))
        self._database.overwrite_deleted()

    def erasures(self) -> int:
        """How many times events were erased."""
        with self._database.reading() as connection:
            return _count(connection, "erasures")

    def close(self) -> None:
        """Let the file go."""
        self._database.close()

    def _put(self, connection: sqlite3.Connection, new: NewEvent, offset: int) -> Appended:
        done = connection.execute(_INSERT, (offset, new.event_id, *self._values(new)))
        if done.rowcount:
            return Appended(offset, new=True)
        query = "SELECT offset FROM events WHERE event_id = ?"
        (before,) = connection.execute(query, (new.event_id,)).fetchone()
        return Appended(int(before), new=False)

    def _values(self, new: NewEvent) -> tuple[Any, ...]:
        event = new.event
        context = context_text(event, new.event_id, self._codec)
        shown = (event.request, event.position, event.propensity, context)
        return (event.user, event.item, event.action, event.time, float(event.value), *shown)

    def _event(self, row: tuple[Any, ...]) -> StoredEvent:
        offset, event_id, user, item, action, time, value, request, position, propensity, text = row
        shown = (request, position, propensity, context_of(text, event_id, self._codec))
        return StoredEvent(offset, event_id, Event(user, item, action, time, value, *shown))

    def _put_new(
        self, connection: sqlite3.Connection, events: Sequence[NewEvent], last: int
    ) -> list[Appended]:
        """All of them in one go; nothing is put, and none returned, where one was there already."""
        before = connection.total_changes
        rows = [
            (offset, new.event_id, *self._values(new))
            for offset, new in enumerate(events, last + 1)
        ]
        connection.execute("SAVEPOINT together")
        connection.executemany(_INSERT, rows)
        if connection.total_changes - before == len(events):
            connection.execute("RELEASE together")
            return [Appended(last + number, new=True) for number in range(1, len(events) + 1)]
        connection.execute("ROLLBACK TO together")
        connection.execute("RELEASE together")
        return []

    def _put_each(
        self, connection: sqlite3.Connection, events: Sequence[NewEvent], last: int
    ) -> list[Appended]:
        done = list[Appended]()
        for one in events:
            done.append(self._put(connection, one, last + 1))
            last += done[-1].new
        return done


def _count(connection: sqlite3.Connection, name: str) -> int:
    found = connection.execute("SELECT value FROM counts WHERE name = ?", (name,))
    return int(found.fetchone()[0])


def _set_count(connection: sqlite3.Connection, name: str, value: int) -> None:
    connection.execute("UPDATE counts SET value = ? WHERE name = ?", (value, name))
