"""A PostgreSQL database of a service: many processes share it, what was committed is on its disk,
and its tables are brought to the present version when it is opened.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final, TypeAlias, final

import psycopg

from palate.data.address import Address
from palate.errors import BadInput, PalateError
from palate.serve.deadlines import Deadlines
from palate.serve.reach import Reach
from palate.serve.refusals import Unavailable

Connection: TypeAlias = "psycopg.Connection[tuple[object, ...]]"

_LOG: Final = logging.getLogger("palate.serve")
_CONNECT_SECONDS: Final = 2
_MIGRATING: Final = 0x70616C617465
"""The advisory lock that keeps two processes from migrating at the same time."""
_SESSION: Final = (
    # what was answered has to survive the server, whatever its defaults say; more than that stays
    "SELECT set_config('synchronous_commit', 'on', false) FROM pg_settings"
    " WHERE name = 'synchronous_commit' AND setting IN ('off', 'local')",
    # a process that stops between two statements does not keep the others waiting for ever
    "SET lock_timeout = '10s'",
    "SET idle_in_transaction_session_timeout = '5s'",
)
_MOST_IDLE: Final = 8
_TRY_SECONDS: Final = 3.0
_MIGRATION_SECONDS: Final = 3600.0
# classes of SQLSTATE
_OF_THE_VALUES: Final = ("22", "23", "54")
_OF_THE_STATEMENT: Final = ("40", "55", "25P03")


@final
class PostgresDatabase:
    """Connections to one database, opened as they are needed; each is used by one thread at a time.

    Args:
        address: `postgresql://...`.
        name: Whose tables these are, a key of `palate_versions`.
        migrations: Scripts, each of which brings the tables from one version to the next; the
            number of scripts is the present version.

    Raises:
        BadInput: The tables are of a later version of palate, or the address is not understood.
        Unavailable: It does not answer.
    """

    def __init__(self, address: Address, name: str, migrations: Sequence[str]) -> None:
        self._address, self._reach, self._deadlines = address, Reach(_TRY_SECONDS), Deadlines()
        self._idle: list[Connection] = []
        self._lock = threading.Lock()
        try:
            with self.transaction(_MIGRATION_SECONDS) as connection:
                self._migrate(connection, name, migrations)
        except BaseException:
            self.close()
            raise

    @property
    def away(self) -> bool:
        """Whether it did not answer when it was last asked."""
        return self._reach.away

    @contextmanager
    def transaction(self, seconds: float = 10.0) -> Iterator[Connection]:
        """All that is written inside is on the disk when the block ends, or none of it.

        Statements are sent one behind the other without waiting for answers, until one is read.

        Args:
            seconds: How long it may take.

        Raises:
            Unavailable: The server is away. Where the end of the block raises it, the transaction
                may have been kept all the same: no one was there to say so.
        """
        with (
            self.reading(seconds) as connection,
            connection.pipeline(),
            connection.transaction(),
        ):
            yield connection

    @contextmanager
    def reading(self, seconds: float = 30.0) -> Iterator[Connection]:
        """A connection on which every statement stands for itself.

        Args:
            seconds: How long it may take.

        Raises:
            Unavailable: The server is away.
        """
        if not self._reach.may_ask():
            raise self._away("it was away a moment ago")
        try:
            connection = self._taken()
            try:
                with self._deadlines.within(connection.fileno(), seconds):
                    yield connection
            finally:
                self._given_back(connection)
        except psycopg.Error as error:
            raise self._in_words(error) from error
        else:
            self._reach.answered()

    def close(self) -> None:
        """Let the connections go; a second time changes nothing."""
        self._deadlines.close()
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _taken(self) -> Connection:
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return self._connected()
            if not connection.closed and _answers(connection):
                return connection
            connection.close()

    def _given_back(self, connection: Connection) -> None:
        with self._lock:
            keep = not connection.closed and len(self._idle) < _MOST_IDLE
            if keep:
                self._idle.append(connection)
        if not keep:
            connection.close()

    def _connected(self) -> Connection:
        connection = psycopg.connect(
            self._address.url,
            autocommit=True,
            connect_timeout=_CONNECT_SECONDS,
            application_name="palate",
            client_encoding="utf8",
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=2,
            tcp_user_timeout=5000,
        )
        for statement in _SESSION:
            connection.execute(statement)
        return connection

    def _migrate(self, connection: Connection, name: str, migrations: Sequence[str]) -> None:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MIGRATING,))
        encoding = connection.execute("SHOW server_encoding").fetchone()
        if encoding is not None and encoding[0] != "UTF8":
            raise BadInput(
                f"the database keeps texts as {encoding[0]}",
                where=self._address.shown,
                allowed="a database with the encoding UTF8",
            )
        connection.execute(
            "CREATE TABLE IF NOT EXISTS palate_versions"
            " (name TEXT PRIMARY KEY, version INTEGER NOT NULL)"
        )
        found = connection.execute(
            "SELECT version FROM palate_versions WHERE name = %s", (name,)
        ).fetchone()
        version = 0 if found is None else int(str(found[0]))
        if version > len(migrations):
            raise BadInput(
                f"the tables of {name} are of version {version}, written by a later palate",
                where=self._address.shown,
                allowed=f"versions up to {len(migrations)}",
                next_step="upgrade palate",
            )
        for script in migrations[version:]:
            for statement in script.split(";"):
                connection.execute(statement.encode())
        connection.execute(
            "INSERT INTO palate_versions VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET"
            " version = excluded.version",
            (name, len(migrations)),
        )

    def _in_words(self, error: psycopg.Error) -> PalateError:
        said, where = _first_line(self._address, error), self._address.masked(self._address.shown)
        state = error.sqlstate or ""
        if isinstance(error, psycopg.ProgrammingError):
            return BadInput(
                f"PostgreSQL refuses: {said}",
                where=where,
                allowed="a role that may create tables, or that owns those of palate",
            )
        if state.startswith(_OF_THE_VALUES):
            return BadInput(f"PostgreSQL cannot keep it: {said}", where=where)
        if not state.startswith(_OF_THE_STATEMENT):
            self._reach.failed()
        return self._away(said)

    def _away(self, said: str) -> Unavailable:
        return Unavailable(
            f"PostgreSQL does not answer: {said}",
            where=self._address.masked(self._address.shown),
            next_step="is it running?",
        )


def kept_text(text: str) -> str:
    r"""A text as PostgreSQL can keep it, which knows no character of number 0.

    >>> kept_text("a\0b"), read_text(kept_text("a\\0b\0"))
    ('a\\0b', 'a\\0b\x00')
    """
    return text.replace("\\", "\\\\").replace("\0", "\\0")


def read_text(stored: str) -> str:
    """What `kept_text` was given."""
    if "\\" not in stored:
        return stored
    return "\\".join(part.replace("\\0", "\0") for part in stored.split("\\\\"))


def _first_line(address: Address, error: psycopg.Error) -> str:
    return address.masked(str(error).strip().partition("\n")[0])


def _answers(connection: Connection) -> bool:
    """Whether the other side did not go away while the connection was idle, as far as it said so:
    nothing is sent.
    """
    with suppress(psycopg.Error):
        connection.pgconn.consume_input()
        return connection.pgconn.status == psycopg.pq.ConnStatus.OK
    return False
