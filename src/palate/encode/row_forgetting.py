"""Rows that have to go: deleted from the tables of a cache so that none of their bytes is left."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from palate.encode.row_table import Key, remove_table
from palate.encode.sqlite_damage import TROUBLE, ForeignFile, is_damage, unwritable
from palate.errors import PalateError


def forget_rows(path: Path, keys: Collection[Key]) -> int:
    """Delete rows of one table; their bytes are overwritten, in the journal too.

    A table that is damaged goes whole, because it is unknown what its torn pages hold; it is a
    cache, and what is missing is computed again.

    Args:
        path: The table's file.
        keys: Which rows; those that the table does not hold are no error.

    Returns:
        How many rows it held.

    Raises:
        PalateError: The file may not be written, or somebody else reads it and the journal cannot
            be emptied; call again when they are done.
    """
    try:
        with closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as connection:
            return _forgotten(connection, path, keys)
    except TROUBLE as error:
        if not is_damage(error):
            raise unwritable(path, error) from error
        remove_table(path)
        return 0


def _forgotten(connection: sqlite3.Connection, path: Path, keys: Collection[Key]) -> int:
    # A damaged index would hide rows from a search by key.
    if connection.execute("PRAGMA integrity_check(1)").fetchall() != [("ok",)]:
        raise ForeignFile
    connection.execute("PRAGMA secure_delete = ON")
    before = connection.total_changes
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("DELETE FROM rows WHERE key = ?", [(key,) for key in keys])
    deleted = connection.total_changes - before
    if deleted:
        # With the deletion itself, so that a call that is cut short is finished by the next one.
        connection.execute("PRAGMA user_version = 1")
    connection.execute("COMMIT")
    if connection.execute("PRAGMA user_version").fetchone()[0]:
        # Copies of a row that was once replaced lie in pages that a deletion does not touch.
        connection.execute("VACUUM")
        connection.execute("PRAGMA user_version = 0")
    busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise PalateError(
            "rows were deleted, but their bytes still lie in a journal that another process reads",
            where=str(path),
            next_step="end the other process, then forget them again",
        )
    return deleted
