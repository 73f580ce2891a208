"""Items and users that several processes share: tables of PostgreSQL."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, Final, final

from palate.data.address import Address
from palate.serve.postgres import Connection, PostgresDatabase, kept_text, read_text
from palate.serve.records.items import FieldValue, ItemRecord
from palate.serve.records.record_store import Decide, ItemsAfter
from palate.serve.values import PLAIN, ValueCodec, stored_text, text_of

MIGRATIONS: Final = (
    """
    CREATE TABLE palate_items (
        item_id TEXT COLLATE "C" PRIMARY KEY,
        number BIGINT GENERATED ALWAYS AS IDENTITY UNIQUE,
        version BIGINT NOT NULL,
        fields TEXT NOT NULL,
        hidden BOOLEAN NOT NULL,
        deleted BOOLEAN NOT NULL,
        pinned BOOLEAN NOT NULL
    );
    CREATE INDEX palate_items_by_version ON palate_items (version);
    CREATE TABLE palate_users (user_id TEXT COLLATE "C" PRIMARY KEY, fields TEXT NOT NULL);
    CREATE TABLE palate_erased_users (digest BYTEA PRIMARY KEY, number BIGINT NOT NULL);
    CREATE TABLE palate_records (
        version BIGINT NOT NULL,
        erased BIGINT NOT NULL,
        salt BYTEA NOT NULL
    )
    """,
)
"""Scripts from each version of the tables to the next; one that was released is never changed."""

_SALT: Final = (
    "INSERT INTO palate_records SELECT 0, 0, %s WHERE NOT EXISTS (SELECT FROM palate_records)"
)
_AFTER: Final = (
    "SELECT item_id, fields, hidden, deleted, pinned FROM palate_items WHERE version > %s"
    " ORDER BY number"
)
_HOLD: Final = "SELECT version, erased FROM palate_records FOR UPDATE"
_PUT: Final = (
    "INSERT INTO palate_items (item_id, version, fields, hidden, deleted, pinned)"
    " VALUES (%s, %s, %s, %s, %s, %s)"
    " ON CONFLICT (item_id) DO UPDATE SET version = excluded.version, fields = excluded.fields,"
    " hidden = excluded.hidden, deleted = excluded.deleted, pinned = excluded.pinned"
)
_PUT_USER: Final = (
    "INSERT INTO palate_users VALUES (%s, %s) ON CONFLICT (user_id) DO UPDATE SET fields ="
    " excluded.fields"
)


@final
class PostgresRecords:
    """`palate.serve.records.record_store.RecordStore` for several processes at once.

    Args:
        address: The database.
        codec: What is done with the fields of users.

    Raises:
        PalateError: As `palate.serve.postgres.PostgresDatabase`.
    """

    def __init__(self, address: Address, codec: ValueCodec = PLAIN) -> None:
        self._database = PostgresDatabase(address, "records", MIGRATIONS)
        self._codec = codec
        self._erased: frozenset[bytes] = frozenset()
        self._known_erasures = 0
        with self._database.transaction() as connection:
            connection.execute("LOCK TABLE palate_records IN EXCLUSIVE MODE")
            connection.execute(_SALT, (os.urandom(32),))
            found = connection.execute("SELECT salt FROM palate_records").fetchone()
            self._salt = _bytes(found)
        self.look_again()

    def items(self, after: int = 0) -> ItemsAfter:
        """Every item that changed after a version, in the order in which they were first spoken
        of.
        """
        with self._database.transaction() as connection:
            # the version first: what is committed between the two is given again next time
            version = connection.execute("SELECT version FROM palate_records")
            found = connection.execute(_AFTER, (after,))
            return ItemsAfter(_records(found.fetchall()), _integer(version.fetchone()))

    def change_items(self, after: int, decide: Decide) -> int:
        """Keep what is known of some items now; see `RecordStore`."""
        with self._database.transaction() as connection:
            held = connection.execute(_HOLD)
            elsewhere = connection.execute(_AFTER, (after,))
            version = _integer(held.fetchone())
            changed = decide(_records(elsewhere.fetchall()))
            if changed:
                version += 1
                _put(connection, version, changed)
        return version

    def user(self, user: str) -> dict[str, FieldValue] | None:
        """Field -> value of a user; None for one of whom nothing was said."""
        with self._database.reading() as connection:
            found = connection.execute(
                "SELECT fields FROM palate_users WHERE user_id = %s", (kept_text(user),)
            ).fetchone()
        return None if found is None else dict(json.loads(self._read(found, user)))

    def put_user(self, user: str, fields: Mapping[str, FieldValue]) -> None:
        """Keep what is known of a user now."""
        text = stored_text(self._codec, _text(fields), user)
        with self._database.transaction() as connection:
            connection.execute(_PUT_USER, (kept_text(user), text))

    def erase_user(self, user: str) -> None:
        """Take away what was said of a user, and remember a digest."""
        digest = self._digest(user)
        with self._database.transaction() as connection:
            _, number = _two(connection.execute(_HOLD).fetchone())
            connection.execute("DELETE FROM palate_users WHERE user_id = %s", (kept_text(user),))
            connection.execute(
                "INSERT INTO palate_erased_users VALUES (%s, %s) ON CONFLICT DO NOTHING",
                (digest, number + 1),
            )
            connection.execute("UPDATE palate_records SET erased = %s", (number + 1,))
        self._erased |= {digest}

    def erased(self, user: str) -> bool:
        """Whether the user was erased: here, or elsewhere before the last `look_again`."""
        return bool(self._erased) and self._digest(user) in self._erased

    def look_again(self) -> int:
        """Take up what other processes erased; gives the version of the items."""
        with self._database.reading() as connection:
            found = connection.execute("SELECT version, erased FROM palate_records").fetchone()
            version, erased = _two(found)
            if erased > self._known_erasures:
                query = "SELECT digest FROM palate_erased_users WHERE number > %s"
                more = connection.execute(query, (self._known_erasures,)).fetchall()
                self._erased |= {_bytes(row) for row in more}
                self._known_erasures = erased
        return version

    def close(self) -> None:
        """Let the connections go."""
        self._database.close()

    def _read(self, row: Any, user: str) -> str:
        return text_of(self._codec, str(row[0]), user)

    def _digest(self, user: str) -> bytes:
        return hashlib.sha256(self._salt + user.encode()).digest()


def _put(connection: Connection, version: int, records: Sequence[ItemRecord]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            _PUT,
            [
                (kept_text(r.item), version, _text(r.fields), r.hidden, r.deleted, r.pinned)
                for r in records
            ],
        )
    connection.execute("UPDATE palate_records SET version = %s", (version,))


def _records(rows: Sequence[Any]) -> list[ItemRecord]:
    return [
        ItemRecord(read_text(item), json.loads(fields), hidden, deleted, pinned)
        for item, fields, hidden, deleted, pinned in rows
    ]


def _text(fields: Mapping[str, FieldValue]) -> str:
    return json.dumps(dict(fields), ensure_ascii=False, allow_nan=False)


def _integer(row: Any) -> int:
    return int(row[0])


def _two(row: Any) -> tuple[int, int]:
    return int(row[0]), int(row[1])


def _bytes(row: Any) -> bytes:
    return bytes(row[0])
