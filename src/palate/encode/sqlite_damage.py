"""What SQLite's errors mean for a cache: damage to be mended, or a place that cannot be used."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from palate.errors import PalateError

_DAMAGE = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_SCHEMA,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_TOOBIG,
}
_DAMAGE_EXTENDED = {sqlite3.SQLITE_IOERR_SHORT_READ}
FORBIDDEN = {
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
}

# A damaged name inside a file comes back as bytes that are no text.
TROUBLE = (sqlite3.DatabaseError, UnicodeDecodeError)


class ForeignFile(sqlite3.DatabaseError):
    """The file is sound SQLite and yet not this table."""

    sqlite_errorcode = sqlite3.SQLITE_NOTADB


def code_of(error: Exception) -> int:
    """SQLite's number of the error; that of a damaged file where it has none."""
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT))


def is_damage(error: Exception) -> bool:
    """Whether the file is not what was written, so that it has to be built again."""
    return code_of(error) in _DAMAGE_EXTENDED or code_of(error) & 0xFF in _DAMAGE


def unwritable(path: Path, cause: Exception) -> PalateError:
    """The error for a cache that cannot be written, with what to do."""
    return PalateError(
        f"the row cache cannot be used: {cause}",
        where=str(path),
        next_step=(
            "make room or mend the folder's rights, or set PALATE_CACHE to another folder; what was"
            " kept is kept"
        ),
    )
