"""The log that several processes share: tables of PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, final

from palate.data.address import Address
from palate.event_store import Appended, NewEvent, StoredEvent
from palate.serve.events.context import context_of, context_text
from palate.serve.postgres import Connection, PostgresDatabase, kept_text, read_text
from palate.serve.values import PLAIN, ValueCodec
from palate.tables import Event

MIGRATIONS: Final = (
    """
    CREATE TABLE palate_events (
        "offset" BIGINT PRIMARY KEY,
        event_id TEXT COLLATE "C" NOT NULL UNIQUE,
        user_id TEXT COLLATE "C" NOT NULL,
        item_id TEXT NOT NULL,
        action TEXT NOT NULL,
        time BIGINT,
        value DOUBLE PRECISION NOT NULL,
        request TEXT NOT NULL,
        position BIGINT,
        propensity DOUBLE PRECISION,
        context TEXT NOT NULL
    );
    CREATE INDEX palate_events_of_user ON palate_events (user_id, "offset");
    CREATE TABLE palate_log (last_offset BIGINT NOT NULL, erasures BIGINT NOT NULL);
    INSERT INTO palate_log VALUES (0, 0)
    """,
)
"""Scripts from each version of the tables to the next; one that was released is never changed."""

_APPEND_SECONDS: Final = 5.0
"""After which clients had better get an answer that does not hang on this server."""

_COLUMNS: Final = (
    '"offset", event_id, user_id, item_id, action, time, value, request, position, propensity,'
    " context"
)
_HOLD: Final = "SELECT last_offset FROM palate_log FOR UPDATE"
_KNOWN: Final = 'SELECT event_id, "offset" FROM palate_events WHERE event_id = ANY(%s)'
_INSERT: Final = (
    "INSERT INTO palate_events SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[],"
    " %s::text[], %s::text[], %s::bigint[], %s::float8[], %s::text[], %s::bigint[], %s::float8[],"
    " %s::text[])"
)


@final
class PostgresEvents:
    """`EventStore` for several processes at once.

    Who appends holds one row until the commit, so that offsets have no gaps and are committed in
    their order: a reader that sees an event has seen, or sees, all events before it. A sequence
    would not do: it gives out numbers that are committed later than higher ones, and readers would
    pass over them.

    Args:
        address: The database.
        codec: What is done with contexts.

    Raises:
        PalateError: As `palate.serve.postgres.PostgresDatabase`.

    Cost: an append syncs the server's disk once, whatever the number of events; appends of several
        processes wait for each other.
    """

    def __init__(self, address: Address, codec: ValueCodec = PLAIN) -> None:
        self._database = PostgresDatabase(address, "events", MIGRATIONS)
        self._codec = codec

    @property
    def away(self) -> bool:
        """Whether the server did not answer when it was last asked."""
        return self._database.away

    def append(self, events: Sequence[NewEvent]) -> list[Appended]:
        """Keep all of them or none; they are on the server's disk when this returns.

        Raises:
            Unavailable: The server is away. It may have kept them all the same: append them again
                under the same ids.
        """
        if not events:
            return []
        with self._database.transaction(_APPEND_SECONDS) as connection:
            held = connection.execute(_HOLD)
            ids = list({kept_text(event.event_id) for event in events})
            known = dict(_pairs(connection.execute(_KNOWN, (ids,)).fetchall()))
            last = _integer(held.fetchone())
            done, new = list[Appended](), list[tuple[Any, ...]]()
            for one in events:
                name = kept_text(one.event_id)
                fresh = name not in known
                if fresh:
                    known[name] = last + len(new) + 1
                    new.append((known[name], name, *self._values(one)))
                done.append(Appended(known[name], fresh))
            if new:
                connection.execute(_INSERT, [list(column) for column in zip(*new, strict=True)])
                last += len(new)
                connection.execute("UPDATE palate_log SET last_offset = %s", (last,))
        return done

    def read(self, after: int = 0, most: int = 10_000) -> list[StoredEvent]:
        """The first `most` events whose offset is above `after`, in order."""
        query = (
            f'SELECT {_COLUMNS} FROM palate_events WHERE "offset" > %s'  # noqa: S608
            " ORDER BY 1 LIMIT %s"
        )
        with self._database.reading() as connection:
            return self._events(connection.execute(query.encode(), (after, most)).fetchall())

    def of_user(self, user: str) -> list[StoredEvent]:
        """All events of a user, in order."""
        query = f"SELECT {_COLUMNS} FROM palate_events WHERE user_id = %s ORDER BY 1"  # noqa: S608
        with self._database.reading() as connection:
            rows = connection.execute(query.encode(), (kept_text(user),)).fetchall()
        return self._events(rows)

    def last_offset(self) -> int:
        """The highest offset that was ever given, 0 for none."""
        return self._log("last_offset")

    def erase_user(self, user: str) -> list[StoredEvent]:
        """Take a user's events out of the table. The server overwrites their space when it next
        vacuums, and its write-ahead log when it next needs the room.
        """
        delete = f"DELETE FROM palate_events WHERE user_id = %s RETURNING {_COLUMNS}"  # noqa: S608
        with self._database.transaction() as connection:
            connection.execute(_HOLD)
            rows = connection.execute(delete.encode(), (kept_text(user),)).fetchall()
            if rows:
                connection.execute("UPDATE palate_log SET erasures = erasures + 1")
        return sorted(self._events(rows), key=lambda stored: stored.offset)

    def erasures(self) -> int:
        """How many times events were erased."""
        return self._log("erasures")

    def close(self) -> None:
        """Let the connections go."""
        self._database.close()

    def _log(self, column: str) -> int:
        with self._database.reading() as connection:
            return _integer(_one(connection, f"SELECT {column} FROM palate_log"))  # noqa: S608

    def _values(self, new: NewEvent) -> tuple[Any, ...]:
        event = new.event
        return (
            kept_text(event.user),
            kept_text(event.item),
            kept_text(event.action),
            event.time,
            float(event.value),
            kept_text(event.request),
            event.position,
            None if event.propensity is None else float(event.propensity),
            context_text(event, new.event_id, self._codec),
        )

    def _events(self, rows: Sequence[Sequence[Any]]) -> list[StoredEvent]:
        events = []
        for row in rows:
            offset, name, user, item, action, time, value, request, position, propensity, text = row
            event_id = read_text(name)
            context = context_of(text, event_id, self._codec)
            people = (read_text(user), read_text(item), read_text(action), time, value)
            event = Event(*people, read_text(request), position, propensity, context)
            events.append(StoredEvent(offset, event_id, event))
        return events


def _one(connection: Connection, query: str) -> Any:
    return connection.execute(query.encode()).fetchone()


def _integer(row: Any) -> int:
    return int(row[0])


def _pairs(rows: Sequence[Any]) -> list[tuple[str, int]]:
    return [(str(name), int(offset)) for name, offset in rows]
