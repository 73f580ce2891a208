"""The embedded log: one SQLite file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, final

from palate.serve.database import Database
from palate.serve.events.store import Appended, NewEvent, StoredEvent
from palate.tables import Event

APPLICATION: Final = 0x70616C65

MIGRATIONS: Final = (
    """
    CREATE TABLE events (
        offset INTEGER PRIMARY KEY AUTOINCREMENT,
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
    INSERT INTO counts VALUES ('erasures', 0)
    """,
)
"""Scripts from each version of the schema to the next; one that was released is never changed."""

_INSERT: Final = (
    "INSERT INTO events (event_id, user, item, action, time, value, request, position, propensity,"
    " context) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING"
)
_COLUMNS: Final = (
    "offset, event_id, user, item, action, time, value, request, position, propensity, context"
)


@final
class SqliteEvents:
    """`EventStore` in one file, for one process; nothing else has to run.

    Args:
        path: The file; made if it is not there.

    Raises:
        Conflict: Another process has it open.
        BadInput: It is no file of events, or one of a later version of palate.
        DamagedArtefact: It is damaged.
        Unavailable: It cannot be opened or written.

    Cost: an append syncs the disk once, 2 to 5 ms on a plain one, whatever the number of events.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, APPLICATION, MIGRATIONS)

    def append(self, events: Sequence[NewEvent]) -> list[Appended]:
        """Keep all of them or none; they are on the disk when this returns.

        Raises:
            Unavailable: The disk is full or broken; nothing was kept.
        """
        with self._database.transaction() as connection:
            return [_put(connection, one) for one in events]

    def read(self, after: int = 0, most: int = 10_000) -> list[StoredEvent]:
        """The first `most` events whose offset is above `after`, in order."""
        query = f"SELECT {_COLUMNS} FROM events WHERE offset > ? ORDER BY offset LIMIT ?"  # noqa: S608
        with self._database.reading() as connection:
            rows = connection.execute(query, (after, most)).fetchall()
        return [_event(row) for row in rows]

    def last_offset(self) -> int:
        """The highest offset that was ever given, 0 for none."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'")
            return next((int(offset) for (offset,) in row), 0)

    def erase_user(self, user: str) -> list[StoredEvent]:
        """Take a user's events out of the file, in such a way that no byte of them is left."""
        query = f"SELECT {_COLUMNS} FROM events WHERE user = ? ORDER BY offset"  # noqa: S608
        with self._database.transaction() as connection:
            rows = connection.execute(query, (user,)).fetchall()
            if rows:
                connection.execute("DELETE FROM events WHERE user = ?", (user,))
                connection.execute("UPDATE counts SET value = value + 1 WHERE name = 'erasures'")
        self._database.overwrite_deleted()
        return [_event(row) for row in rows]

    def erasures(self) -> int:
        """How many times events were erased."""
        with self._database.reading() as connection:
            found = connection.execute("SELECT value FROM counts WHERE name = 'erasures'")
            return int(found.fetchone()[0])

    def close(self) -> None:
        """Let the file go."""
        self._database.close()


def _put(connection: sqlite3.Connection, new: NewEvent) -> Appended:
    done = connection.execute(_INSERT, (new.event_id, *_values(new.event)))
    if done.rowcount:
        return Appended(int(done.lastrowid or 0), new=True)
    query = "SELECT offset FROM events WHERE event_id = ?"
    (offset,) = connection.execute(query, (new.event_id,)).fetchone()
    return Appended(int(offset), new=False)


def _values(event: Event) -> tuple[Any, ...]:
    context = json.dumps(dict(event.context), ensure_ascii=False, allow_nan=False)
    shown = (event.request, event.position, event.propensity, context)
    return (event.user, event.item, event.action, event.time, float(event.value), *shown)


def _event(row: tuple[Any, ...]) -> StoredEvent:
    offset, event_id, user, item, action, time, value, request, position, propensity, context = row
    shown = (request, position, propensity, json.loads(context))
    return StoredEvent(offset, event_id, Event(user, item, action, time, value, *shown))
