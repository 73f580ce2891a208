"""Documents in PostgreSQL, which processes on several machines share."""

from __future__ import annotations

from typing import Final, final

from palate.data.address import Address
from palate.serve.documents import Decide, Found, Mark
from palate.serve.postgres import PostgresDatabase, kept_text, read_text

MIGRATIONS: Final = (
    """
    CREATE TABLE palate_documents (
        name TEXT COLLATE "C" PRIMARY KEY,
        version BIGINT NOT NULL,
        content TEXT
    )
    """,
)
"""Scripts from each version of the table to the next; one that was released is never changed."""

_LOOK: Final = "SELECT version, content FROM palate_documents WHERE name = %s AND version <> %s"
_HOLD: Final = "SELECT content FROM palate_documents WHERE name = %s FOR UPDATE"
_FIRST: Final = "INSERT INTO palate_documents VALUES (%s, 0, NULL) ON CONFLICT DO NOTHING"
_PUT: Final = "UPDATE palate_documents SET version = version + 1, content = %s WHERE name = %s"


@final
class PostgresDocuments:
    """The table of all documents.

    Args:
        address: The database.

    Raises:
        PalateError: As `palate.serve.postgres.PostgresDatabase`.
    """

    def __init__(self, address: Address) -> None:
        self._shown = address.masked(address.shown)
        self._database = PostgresDatabase(address, "documents", MIGRATIONS)

    def of(self, name: str) -> PostgresDocument:
        """The document of a name."""
        return PostgresDocument(self._database, name, f"{name} in {self._shown}")

    def close(self) -> None:
        """Let the connections go."""
        self._database.close()


@final
class PostgresDocument:
    """A row (`palate.serve.documents.Document`).

    Args:
        database: Has the table.
        name: Of the row.
        where: What people call it.
    """

    def __init__(self, database: PostgresDatabase, name: str, where: str) -> None:
        self._database, self._name, self.where = database, kept_text(name), where

    @property
    def shared(self) -> bool:
        """Yes."""
        return True

    def look(self, known: Mark = ()) -> Found | None:
        """The row, if it is of another version than that of the mark."""
        version = known[0] if known else -1
        with self._database.reading() as connection:
            row = connection.execute(_LOOK, (self._name, version)).fetchone()
        if row is None:
            return None if known else Found((0,), None)
        return Found((int(str(row[0])),), _content(row[1]))

    def change(self, decide: Decide) -> None:
        """Put another content in its place, while no other process does."""
        with self._database.transaction() as connection:
            connection.execute(_FIRST, (self._name,))
            row = connection.execute(_HOLD, (self._name,)).fetchone()
            content = decide(None if row is None else _content(row[0]))
            connection.execute(_PUT, (kept_text(content.decode()), self._name))


def _content(stored: object) -> bytes | None:
    return None if stored is None else read_text(str(stored)).encode()
