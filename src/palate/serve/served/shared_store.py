"""Lists that several processes served, in PostgreSQL, with each row of features once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, final

from palate.data.address import Address
from palate.serve.postgres import PostgresDatabase, kept_text, read_text
from palate.serve.served.feature_rows import FeatureRow
from palate.serve.served.lists import ServedList, decoded, encoded

MIGRATIONS: Final = (
    """
    CREATE TABLE palate_lists (
        number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        request TEXT COLLATE "C" NOT NULL UNIQUE,
        time BIGINT NOT NULL,
        user_id TEXT COLLATE "C" NOT NULL,
        body BYTEA NOT NULL
    );
    CREATE INDEX palate_lists_of_user ON palate_lists (user_id);
    CREATE INDEX palate_lists_by_time ON palate_lists (time);
    CREATE TABLE palate_feature_rows (
        digest BYTEA PRIMARY KEY,
        block TEXT COLLATE "C" NOT NULL,
        width INTEGER NOT NULL,
        content BYTEA NOT NULL,
        used BIGINT NOT NULL
    );
    CREATE INDEX palate_feature_rows_by_block ON palate_feature_rows (block, digest)
    """,
)
"""Scripts from each version of the tables to the next; one that was released is never changed."""

_BATCH: Final = 1000
_NOT_SYNCED: Final = "SET LOCAL synchronous_commit = off"
_PUT: Final = (
    "INSERT INTO palate_lists (request, time, user_id, body) VALUES (%s, %s, %s, %s)"
    " ON CONFLICT DO NOTHING"
)
_PUT_ROW: Final = (
    "INSERT INTO palate_feature_rows VALUES (%s, %s, %s, %s, %s) ON CONFLICT (digest) DO UPDATE"
    " SET used = greatest(palate_feature_rows.used, excluded.used)"
)
_LISTS: Final = "SELECT number, body FROM palate_lists WHERE number > %s ORDER BY number LIMIT %s"
_ROWS: Final = (
    "SELECT digest, block, width, content FROM palate_feature_rows WHERE (block, digest) > (%s, %s)"
    " ORDER BY block, digest LIMIT %s"
)


@final
class SharedServedLists:
    """`palate.serve.served.store.ListStore` for several processes. Lists are not waited for until
    they are on the server's disk: after a loss of power the last ones may be gone.

    Args:
        address: The database.

    Raises:
        PalateError: As `palate.serve.postgres.PostgresDatabase`.
    """

    def __init__(self, address: Address) -> None:
        self._database = PostgresDatabase(address, "lists", MIGRATIONS)

    def put(self, lists: Sequence[ServedList], rows: Iterable[FeatureRow], used: int) -> None:
        """Keep lists, and the rows that are not there yet; see `ListStore`."""
        with self._database.transaction() as connection:
            connection.execute(_NOT_SYNCED)
            # in one order, so that no two processes wait for each other
            for row in sorted(rows, key=lambda row: row.digest):
                values = (row.digest, kept_text(row.block), row.width, row.content, used)
                connection.execute(_PUT_ROW, values)
            for one in lists:
                body = encoded(one)
                names = (kept_text(one.request), one.time, kept_text(one.user), body)
                connection.execute(_PUT, names)

    def lists(self) -> Iterator[ServedList]:
        """All of them, in the order in which they were kept."""
        after = 0
        while found := self._found(_LISTS, (after, _BATCH)):
            for _, body in found:
                yield decoded(body)
            after = int(found[-1][0])

    def feature_rows(self) -> Iterator[FeatureRow]:
        """All rows of features, by block."""
        after: tuple[str, bytes] = ("", b"")
        while found := self._found(_ROWS, (*after, _BATCH)):
            for digest, block, width, content in found:
                yield FeatureRow(bytes(digest), read_text(block), width, bytes(content))
            after = (found[-1][1], bytes(found[-1][0]))

    def erase_user(self, user: str) -> int:
        """Take a user's lists out of the table; gives how many there were. The server overwrites
        their space when it next vacuums.
        """
        with self._database.transaction() as connection:
            gone = connection.execute(
                "DELETE FROM palate_lists WHERE user_id = %s RETURNING 1", (kept_text(user),)
            )
            return len(gone.fetchall())

    def drop_before(self, time: int, rows: int) -> int:
        """Take away what is older; see `ListStore`."""
        with self._database.transaction(60.0) as connection:
            gone = connection.execute(
                "DELETE FROM palate_lists WHERE time < %s RETURNING 1", (time,)
            )
            connection.execute("DELETE FROM palate_feature_rows WHERE used < %s", (rows,))
            return len(gone.fetchall())

    def close(self) -> None:
        """Let the connections go."""
        self._database.close()

    def _found(self, query: str, values: Sequence[Any]) -> list[Any]:
        with self._database.reading() as connection:
            return connection.execute(query.encode(), values).fetchall()
