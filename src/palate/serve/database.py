"""A SQLite file of the service: held by one process, on the disk when a transaction returns, and
brought to the present version when it is opened.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, final

from palate.errors import BadInput, DamagedArtefact, PalateError
from palate.serve.refusals import Conflict, Unavailable

_LOG: Final = logging.getLogger("palate.serve")
_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_HELD: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


@final
class Database:
    """One file and one connection, which threads share.

    It is locked for other processes as long as it is open: two services that wrote one log would
    each know half of it.

    Args:
        path: The file; made if it is not there.
        application: Whose file it is, SQLite's `application_id`.
        migrations: Scripts, each of which brings the schema from one version to the next; the
            number of scripts is the present version.

    Raises:
        Conflict: Another process has it open.
        BadInput: It is the file of something else, or of a later version of palate.
        DamagedArtefact: It is no SQLite file, or damaged.
        Unavailable: It cannot be opened or written.
    """

    def __init__(self, path: Path, application: int, migrations: Sequence[str]) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._to_overwrite = True  # a service that was killed may have left something
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._said():
            # a second process fails at once, and does not wait for the first one to end
            self._connection = sqlite3.connect(
                path, timeout=0.2, isolation_level=None, check_same_thread=False
            )
        try:
            with self._said():
                self._prepare()
                self._check(application, len(migrations))
                self._migrate(application, migrations)
            self._overwrite()
        except BaseException:
            self._connection.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All that is written inside is kept when the block ends, or none of it.

        Raises:
            Unavailable: It could not be kept: the disk is full or broken.
        """
        with self._lock, self._said():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            if self._to_overwrite:
                self._overwrite()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Reads that no other thread writes between."""
        with self._lock, self._said():
            yield self._connection

    def overwrite_deleted(self) -> None:
        """See to it that no byte of what was deleted is left in the write-ahead log.

        What was deleted is deleted all the same where the disk does not let itself be written now:
        then it is tried again after every transaction, and at the next start.
        """
        with self._lock:
            self._to_overwrite = True
            self._overwrite()

    def close(self) -> None:
        """Let it go; a second time changes nothing."""
        with self._lock:
            self._connection.close()

    def _overwrite(self) -> None:
        try:
            (busy, *_) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            _LOG.warning("what was deleted in %s is not overwritten yet: %s", self.path, error)
        else:
            self._to_overwrite = bool(busy)

    def _prepare(self) -> None:
        run = self._connection.execute
        run("PRAGMA locking_mode=EXCLUSIVE")
        run("PRAGMA journal_mode=WAL")
        # FULL syncs the log at every commit: what was answered survives the machine, too
        run("PRAGMA synchronous=FULL")
        run("PRAGMA secure_delete=ON")

    def _check(self, application: int, present: int) -> None:
        (found,) = self._connection.execute("PRAGMA application_id").fetchone()
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        (tables,) = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if found != application and (found or tables):
            raise BadInput(
                "the file belongs to something else",
                where=str(self.path),
                next_step="give another data folder",
            )
        if version > present:
            raise BadInput(
                f"the file is of version {version}, written by a later palate",
                where=str(self.path),
                allowed=f"versions up to {present}",
                next_step="upgrade palate",
            )

    def _migrate(self, application: int, migrations: Sequence[str]) -> None:
        # taking the write lock now, migrations or none, is what keeps other processes out
        with self.transaction() as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version == len(migrations):  # nothing is written: the disk may be full
                return
            for script in migrations[version:]:
                for statement in script.split(";"):
                    connection.execute(statement)
            connection.execute(f"PRAGMA application_id={application}")
            connection.execute(f"PRAGMA user_version={len(migrations)}")

    @contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._in_words(error) from error

    def _in_words(self, error: sqlite3.Error) -> PalateError:
        try:
            code = error.sqlite_errorcode & 0xFF
        except AttributeError:  # not an error of SQLite, but of how Python used it
            code = sqlite3.SQLITE_MISUSE
        where = str(self.path)
        if code in _DAMAGED:
            return DamagedArtefact(
                f"the file is damaged: {error}", where=where, next_step="restore it from a backup"
            )
        if code in _HELD:
            return Conflict(
                "another process uses the file",
                where=where,
                next_step="stop it, or give another data folder",
            )
        return Unavailable(
            f"the file cannot be read or written: {error}",
            where=where,
            next_step="look at the disk: is it full, or read-only?",
        )
