"""Items and users that a running service was given, in one SQLite file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, final

from palate.serve.database import Database
from palate.serve.records.items import FieldValue, ItemRecord
from palate.serve.records.record_store import Decide, ItemsAfter
from palate.serve.values import PLAIN, ValueCodec, stored_text, text_of

APPLICATION: Final = 0x70616C72

MIGRATIONS: Final = (
    """
    CREATE TABLE items (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        item TEXT NOT NULL UNIQUE,
        fields TEXT NOT NULL,
        hidden INTEGER NOT NULL,
        deleted INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE users (user TEXT PRIMARY KEY, fields TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE erased_users (digest BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
    CREATE TABLE salts (salt BLOB NOT NULL) STRICT;
    INSERT INTO salts VALUES (randomblob(32))
    """,
    "ALTER TABLE items ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0",
)
"""Scripts from each version of the schema to the next; one that was released is never changed."""


@final
class Records:
    """`palate.serve.records.record_store.RecordStore` in one file, held by one process: nothing is
    changed elsewhere, and versions are only counted.

    Args:
        path: The file; made if it is not there.
        codec: What is done with the fields of users.

    Raises:
        PalateError: As `palate.serve.database.Database`.
    """

    def __init__(self, path: Path, codec: ValueCodec = PLAIN) -> None:
        self._database, self._codec = Database(path, APPLICATION, MIGRATIONS), codec
        self._version = 1
        with self._database.reading() as connection:
            (self._salt,) = connection.execute("SELECT salt FROM salts").fetchone()
            found = connection.execute("SELECT digest FROM erased_users")
            self._erased = {bytes(digest) for (digest,) in found}

    def items(self, after: int = 0) -> ItemsAfter:
        """Every item that was created, changed, hidden or deleted, in the order in which it first
        was; nothing where they are known.
        """
        if after:
            return ItemsAfter((), self._version)
        query = "SELECT item, fields, hidden, deleted, pinned FROM items ORDER BY number"
        with self._database.reading() as connection:
            rows = connection.execute(query).fetchall()
        records = [
            ItemRecord(item, json.loads(fields), bool(hidden), bool(deleted), bool(pinned))
            for item, fields, hidden, deleted, pinned in rows
        ]
        return ItemsAfter(records, self._version)

    def change_items(self, after: int, decide: Decide) -> int:
        """Keep what is known of some items now: all or none, on the disk when this returns."""
        records = decide(self.items(after).records)
        if records:
            self._put_items(records)
            self._version += 1
        return self._version

    def user(self, user: str) -> dict[str, FieldValue] | None:
        """Field -> value of a user; None for one of whom nothing was said."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT fields FROM users WHERE user = ?", (user,))
            found = rows.fetchone()
        return None if found is None else dict(json.loads(text_of(self._codec, found[0], user)))

    def put_user(self, user: str, fields: Mapping[str, FieldValue]) -> None:
        """Keep what is known of a user now."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO users VALUES (?, ?) ON CONFLICT (user) DO UPDATE SET fields ="
                " excluded.fields",
                (user, stored_text(self._codec, _text(fields), user)),
            )

    def erase_user(self, user: str) -> None:
        """Take away what was said of a user, and remember (by a digest alone) that what the run
        knows of them is not to be used any more.
        """
        digest = self._digest(user)
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM users WHERE user = ?", (user,))
            connection.execute("INSERT OR IGNORE INTO erased_users VALUES (?)", (digest,))
        self._erased = {*self._erased, digest}
        self._database.overwrite_deleted()

    def erased(self, user: str) -> bool:
        """Whether the user was erased."""
        return bool(self._erased) and self._digest(user) in self._erased

    def look_again(self) -> int:
        """Nothing is erased elsewhere."""
        return self._version

    def close(self) -> None:
        """Let the file go."""
        self._database.close()

    def _put_items(self, records: Sequence[ItemRecord]) -> None:
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT INTO items (item, fields, hidden, deleted, pinned) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (item) DO UPDATE SET fields = excluded.fields, hidden ="
                " excluded.hidden, deleted = excluded.deleted, pinned = excluded.pinned",
                [
                    (r.item, _text(r.fields), int(r.hidden), int(r.deleted), int(r.pinned))
                    for r in records
                ],
            )

    def _digest(self, user: str) -> bytes:
        return hashlib.sha256(bytes(self._salt) + user.encode()).digest()


def _text(fields: Mapping[str, FieldValue]) -> str:
    return json.dumps(dict(fields), ensure_ascii=False, allow_nan=False)
