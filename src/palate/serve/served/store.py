"""Where served lists are kept, with each row of features that they were made of, once; a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol, final

from palate.serve.database import Database
from palate.serve.served.feature_rows import FeatureRow
from palate.serve.served.lists import ServedList, decoded, encoded

APPLICATION: Final = 0x70616C73

MIGRATIONS: Final = (
    """
    CREATE TABLE lists (
        number INTEGER PRIMARY KEY,
        request TEXT NOT NULL UNIQUE,
        time INTEGER NOT NULL,
        user TEXT NOT NULL,
        body BLOB NOT NULL
    ) STRICT;
    CREATE INDEX lists_of_user ON lists (user);
    CREATE INDEX lists_by_time ON lists (time);
    CREATE TABLE feature_rows (
        digest BLOB PRIMARY KEY,
        block TEXT NOT NULL,
        width INTEGER NOT NULL,
        content BLOB NOT NULL,
        used INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
)
"""Scripts from each version of the schema to the next; one that was released is never changed."""

_BATCH: Final = 1000


class ListStore(Protocol):
    """Where served lists are kept."""

    def put(self, lists: Sequence[ServedList], rows: Iterable[FeatureRow], used: int) -> None:
        """Keep lists, and the rows that are not there yet.

        Args:
            lists: New ones; one whose request is there already stays as it is.
            rows: Rows of features of their items.
            used: Seconds since 1970 at which the rows were used.
        """
        ...

    def lists(self) -> Iterator[ServedList]:
        """All of them, in the order in which they were kept."""
        ...

    def feature_rows(self) -> Iterator[FeatureRow]:
        """All rows of features, by block."""
        ...

    def erase_user(self, user: str) -> int:
        """Take a user's lists away; gives how many there were."""
        ...

    def drop_before(self, time: int, rows: int) -> int:
        """Take away lists that are older, and rows of features that were last marked as used before
        `rows`; gives how many lists that were.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


@final
class ServedLists:
    """A file, held by one process (`ListStore`).

    Lists are handed to the system but not synced: after a loss of power the last ones may be gone,
    and with them impressions, never an event.

    Args:
        path: The file; made if it is not there.

    Raises:
        PalateError: As `palate.serve.database.Database`.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, APPLICATION, MIGRATIONS)
        with self._database.reading() as connection:
            connection.execute("PRAGMA synchronous=NORMAL")

    def put(self, lists: Sequence[ServedList], rows: Iterable[FeatureRow], used: int) -> None:
        """Keep lists, and the rows that are not there yet.

        Args:
            lists: New ones; one whose request is there already stays as it is.
            rows: Rows of features of their items.
            used: Seconds since 1970 at which the rows were used.
        """
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO lists (request, time, user, body) VALUES (?, ?, ?, ?)",
                [(one.request, one.time, one.user, encoded(one)) for one in lists],
            )
            connection.executemany(
                "INSERT INTO feature_rows VALUES (?, ?, ?, ?, ?) ON CONFLICT (digest) DO UPDATE SET"
                " used = max(used, excluded.used)",
                [(row.digest, row.block, row.width, row.content, used) for row in rows],
            )

    def lists(self) -> Iterator[ServedList]:
        """All of them, in the order in which they were kept."""
        after = 0
        query = "SELECT number, body FROM lists WHERE number > ? ORDER BY number LIMIT ?"
        while True:
            with self._database.reading() as connection:
                found = connection.execute(query, (after, _BATCH)).fetchall()
            if not found:
                return
            for _, body in found:
                yield decoded(body)
            after = found[-1][0]

    def feature_rows(self) -> Iterator[FeatureRow]:
        """All rows of features, by block."""
        after: tuple[str, bytes] = ("", b"")
        query = (
            "SELECT digest, block, width, content FROM feature_rows WHERE (block, digest) > (?, ?)"
            " ORDER BY block, digest LIMIT ?"
        )
        while True:
            with self._database.reading() as connection:
                found = connection.execute(query, (*after, _BATCH)).fetchall()
            if not found:
                return
            for digest, block, width, content in found:
                yield FeatureRow(bytes(digest), block, width, bytes(content))
            after = (found[-1][1], found[-1][0])

    def erase_user(self, user: str) -> int:
        """Take a user's lists out of the file, so that no byte of them is left.

        Returns:
            How many there were.
        """
        with self._database.transaction() as connection:
            gone = connection.execute("DELETE FROM lists WHERE user = ?", (user,)).rowcount
        self._database.overwrite_deleted()
        return int(gone)

    def drop_before(self, time: int, rows: int) -> int:
        """Take away lists that are older, and rows of features that were last marked as used before
        `rows`.

        Returns:
            How many lists that were.
        """
        with self._database.transaction() as connection:
            gone = connection.execute("DELETE FROM lists WHERE time < ?", (time,)).rowcount
            connection.execute("DELETE FROM feature_rows WHERE used < ?", (rows,))
        return int(gone)

    def close(self) -> None:
        """Let the file go."""
        self._database.close()
