"""One table of the row cache: a SQLite file of checked rows.

There is one file for each *identity* (everything but the content that changes a value: part,
settings, weights, tokeniser, precision ...); in it one row for each content, under the SHA-256 of
its bytes. All rows of a file are values of one kind (vectors, texts or records). Every row carries
a checksum over identity, key and value, which is verified whenever the row is read.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

from palate import store
from palate.encode.row_values import VECTOR, ValueKind
from palate.encode.sqlite_damage import (
    FORBIDDEN,
    TROUBLE,
    ForeignFile,
    code_of,
    is_damage,
    unwritable,
)
from palate.encode.throughput import add_throughput
from palate.errors import BadInput

V = TypeVar("V")
Key: TypeAlias = bytes

_APPLICATION = 0x70616C31
_PER_QUERY = 500


@dataclass
class CacheStats:
    """What happened so far; rows are counted once however many items share their content.

    Attributes:
        hits: Rows that came from the cache.
        computed: Rows that had to be computed.
        damaged: Rows that were found damaged, thrown away and computed again.
        damaged_files: Files that were found damaged and built again from their sound rows.
        unsaved: Rows that could not be kept because the folder is read-only.
    """

    hits: int = 0
    computed: int = 0
    damaged: int = 0
    damaged_files: int = 0
    unsaved: int = 0


class RowTable(Generic[V]):
    """Rows of one identity. Two processes may write at the same time; the rows are the same
    whichever writes them.

    Args:
        path: The SQLite file.
        identity: What the rows depend on; kept in the file and compared.
        stats: Counted into.
        kind: What the rows are.
        writable: Whether anything may be written.
        examined: Whether the file was found sound not long ago.
    """

    def __init__(
        self,
        path: Path,
        identity: Mapping[str, Any],
        stats: CacheStats,
        kind: ValueKind[V],
        *,
        writable: bool = True,
        examined: bool = False,
    ) -> None:
        self._path = path
        self._facts = facts_of(kind.name, identity)
        self._identity = identity
        # The kind is part of every checksum, but vectors keep the one that they always had.
        salted = identity if kind.name == VECTOR.name else [kind.name, identity]
        self._salt = store.digest(salted).encode()
        self._stats = stats
        self._kind = kind
        self._writable = True
        self.examined = examined
        self._connection = self._opened() if writable else self._read_only()

    def get(self, keys: Sequence[Key]) -> dict[Key, V]:
        """The sound rows among `keys`; damaged ones are deleted and counted.

        Args:
            keys: Distinct keys, see `key_of`.

        Returns:
            Key -> value; a vector is read-only.
        """
        try:
            found = self._read(keys)
            if len(found) < len(keys):
                self._examine()
        except TROUBLE as error:
            self._rebuild_after(error)
            found = self._read(keys)
        self._stats.hits += len(found)
        return found

    def put(self, keys: Sequence[Key], values: Iterable[V]) -> None:
        """Keep rows, all or none: they are on the disk when this returns.

        Args:
            keys: n distinct keys.
            values: n values; vectors as float32 [n, d].

        Raises:
            BadInput: A value is of another kind than the table's.
        """
        blobs = [self._kind.encode(value) for value in values]
        self._stats.computed += len(keys)
        if not self._writable:
            self._stats.unsaved += len(keys)
            return
        rows = [
            (key, blob, self._checksum(key, blob)) for key, blob in zip(keys, blobs, strict=True)
        ]
        try:
            self._write(rows)
        except TROUBLE as error:
            self._rebuild_after(error)
            self._write(rows)

    def note_throughput(self, size: int, seconds: float) -> None:
        """Remember how long contents took whose keys have `size` bytes together."""
        if self._writable and size:
            add_throughput(self._path, size, seconds)

    def __len__(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM rows").fetchone()[0])

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _read(self, keys: Sequence[Key]) -> dict[Key, V]:
        found: dict[Key, V] = {}
        spoilt: list[int] = []
        wanted = set(keys)
        for row, key, blob, checksum in self._candidates(keys):
            try:
                if checksum != self._checksum(key, blob):
                    spoilt.append(row)
                elif key in wanted:
                    found[key] = self._kind.decode(blob)
            except ValueError:  # sound bytes that the kind does not write (any more)
                spoilt.append(row)
        if spoilt:
            self._stats.damaged += len(spoilt)
            self._delete(spoilt)
        return found

    def _candidates(self, keys: Sequence[Key]) -> Iterator[tuple[int, Any, Any, Any]]:
        select = "SELECT rowid, key, vector, checksum FROM rows"
        # Rows are counted by their highest number: counting them one by one would cost more with
        # every row.
        (highest,) = self._connection.execute("SELECT max(rowid) FROM rows").fetchone()
        if 2 * len(keys) > int(highest or 0):
            # Most of the table is wanted: reading it in its own order is several times quicker than
            # by key.
            yield from self._connection.execute(f"{select} NOT INDEXED")
            return
        for start in range(0, len(keys), _PER_QUERY):
            part = keys[start : start + _PER_QUERY]
            yield from self._connection.execute(
                f"{select} WHERE key IN ({','.join('?' * len(part))})", part
            )

    def _checksum(self, key: Any, blob: Any) -> bytes:
        if not isinstance(key, bytes) or not isinstance(blob, bytes):
            return b"not a row"
        return hashlib.blake2b(self._salt + key + blob, digest_size=16).digest()

    def _write(self, rows: Sequence[tuple[Key, bytes, bytes]]) -> None:
        with self._transaction():
            self._connection.executemany(
                "INSERT OR REPLACE INTO rows (key, vector, checksum) VALUES (?, ?, ?)", rows
            )

    def _delete(self, rows: Sequence[int]) -> None:
        if self._writable:
            with self._transaction():
                self._connection.executemany(
                    "DELETE FROM rows WHERE rowid = ?", [(r,) for r in rows]
                )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except TROUBLE as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            if is_damage(error):
                raise
            raise unwritable(self._path, error) from error

    def _opened(self) -> sqlite3.Connection:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            return self._connected(self._path)
        except PermissionError:
            return self._read_only()
        except TROUBLE as error:
            if code_of(error) & 0xFF in FORBIDDEN:
                return self._read_only()
            if not is_damage(error):
                raise unwritable(self._path, error) from error
            self._stats.damaged_files += 1
            return self._fresh([])

    def _connected(self, path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=60, isolation_level=None)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")  # what is deleted leaves no bytes behind
        if not connection.execute("PRAGMA application_id").fetchone()[0]:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("CREATE TABLE IF NOT EXISTS facts (identity TEXT NOT NULL)")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS rows (key BLOB NOT NULL UNIQUE, vector BLOB NOT NULL,"
                " checksum BLOB NOT NULL)"
            )
            connection.execute("DELETE FROM facts")
            connection.executemany("INSERT INTO facts VALUES (?)", [[f] for f in self._facts])
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute("COMMIT")
        self._compare(connection)

    def _compare(self, connection: sqlite3.Connection) -> None:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        stored = [
            fact for (fact,) in connection.execute("SELECT identity FROM facts ORDER BY rowid")
        ]
        if application == _APPLICATION and stored == self._facts:
            return
        other = kind_of(stored, self._identity)
        if application == _APPLICATION and other is not None:
            raise BadInput(
                f"the rows of this identity are of the kind {other}, not {self._kind.name}",
                where=str(self._path),
                next_step="open the table as what it is, or say in the identity what differs",
            )
        raise ForeignFile

    def _read_only(self) -> sqlite3.Connection:
        self._writable = False
        # What a killed or a busy writer has not yet moved into the file itself is read too, if that
        # is allowed.
        waiting = Path(f"{self._path}-wal").exists() and os.access(self._path.parent, os.W_OK)
        address = f"{self._path.absolute().as_uri()}?mode=ro{'' if waiting else '&immutable=1'}"
        try:
            connection = sqlite3.connect(address, uri=True, isolation_level=None)
            try:
                self._compare(connection)
            except BaseException:
                connection.close()
                raise
        except TROUBLE as error:
            self._stats.damaged_files += is_damage(error)
            return self._in_memory()
        return connection

    def _in_memory(self) -> sqlite3.Connection:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        self._prepare(connection)
        return connection

    def _examine(self) -> None:
        # Rows are missing, so something is about to be computed: make sure that they are not lost
        # behind a damaged index. Once is enough, and it costs far less than an encoder.
        if self.examined:
            return
        self.examined = True
        if self._connection.execute("PRAGMA integrity_check(1)").fetchall() != [("ok",)]:
            raise ForeignFile

    def _rebuild_after(self, error: Exception) -> None:
        if not is_damage(error):
            raise unwritable(self._path, error) from error
        self._stats.damaged_files += 1
        sound = self._salvaged()
        self._connection.close()
        self._connection = self._fresh(sound) if self._writable else self._in_memory()

    def _salvaged(self) -> list[tuple[Key, bytes, bytes]]:
        sound: dict[Key, tuple[Key, bytes, bytes]] = {}
        # From both ends, because a damaged page stops a scan.
        for order in ("ASC", "DESC"):
            try:
                query = f"SELECT key, vector, checksum FROM rows NOT INDEXED ORDER BY rowid {order}"  # noqa: S608
                for key, blob, checksum in self._connection.execute(query):
                    if checksum == self._checksum(key, blob):
                        sound[key] = (key, blob, checksum)
            except TROUBLE:
                continue
        return list(sound.values())

    def _fresh(self, rows: Sequence[tuple[Key, bytes, bytes]]) -> sqlite3.Connection:
        remove_table(self._path)
        self._connection = self._connected(self._path)
        self.examined = True
        if rows:
            self._write(rows)
        return self._connection


def remove_table(path: Path) -> None:
    """Remove a table's file, and what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def facts_of(kind: str, identity: Mapping[str, Any]) -> list[str]:
    """What a table's file says of itself: the identity; and of other kinds than vectors a second
    line with the kind, and a third that proves that neither was damaged.
    """
    text = json.dumps(identity, sort_keys=True)
    return [text] if kind == VECTOR.name else [text, kind, store.digest([kind, identity])]


def kind_of(facts: Sequence[str], identity: Mapping[str, Any]) -> str | None:
    """Which kind of rows a sound file of this identity holds; None for any other file."""
    kind = facts[1] if len(facts) == 3 else VECTOR.name
    # A damaged file may hold anything here, numbers and bytes too.
    sound = isinstance(kind, str) and list(facts) == facts_of(kind, identity)
    return kind if sound else None


def key_of(content: bytes) -> Key:
    """The key of one content: SHA-256 of its bytes."""
    return hashlib.sha256(content).digest()
