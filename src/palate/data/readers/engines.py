"""Connections to databases: what is asked in SQL comes as a frame."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import polars as pl

from palate.data.address import FILES, Address
from palate.data.readers.source import open_source
from palate.errors import BadInput, PalateError
from palate.optional import has, need

_EXTRA: Final = "sql"
_TABLES: Final = (
    "select table_schema, table_name from information_schema.tables"
    " where table_schema not in ('pg_catalog', 'information_schema')"
)
_USUAL: Final = ("main", "public")
"""Schemas that need not be named."""

_POSTGRES: Final = ("postgresql", "postgres")


class Engine(Protocol):
    """A connection that reads.

    Attributes:
        has_limit: Whether `limit n` asks for the first rows.
    """

    has_limit: bool

    def frame(self, sql: str) -> pl.DataFrame:
        """The rows of a statement.

        Raises:
            BadInput: The database refuses it.
        """
        ...

    def tables(self) -> list[tuple[str, ...]]:
        """The tables and views, each with its schema where that is not the usual one."""
        ...

    def quoted(self, name: str) -> str:
        """A name as the database's language writes it, whatever it holds."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


class _Standard:
    # what most databases have in common
    has_limit = True

    def quoted(self, name: str) -> str:
        """The name in double quotes."""
        return '"' + name.replace('"', '""') + '"'


def opened(address: Address, base: Path) -> Engine:
    """Connect.

    Args:
        address: Which database.
        base: The folder that relative paths start from.

    Raises:
        BadInput: There is no such database, it does not answer, or lets no one in.
        MissingExtra: The driver is not installed.
    """
    if address.scheme in FILES:
        path = open_source(address.file(base)).path
        return _DuckDb(address, path) if address.scheme == "duckdb" else _Sqlite(address, path)
    kind = "postgresql" if address.scheme in _POSTGRES else address.scheme
    if kind == "postgresql" or has(f"adbc_driver_{kind}"):
        return _Adbc(address, f"adbc_driver_{kind}")
    return _SqlAlchemy(address)


@contextmanager
def _refusals(address: Address, doing: str) -> Iterator[None]:
    """What a driver raises, as a refusal that names the address and shows no password."""
    try:
        yield
    except PalateError:
        raise
    except Exception as cause:
        lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
        said = address.masked(lines[0] if lines else type(cause).__name__)[:300]
        raise BadInput(
            f"{doing}: {said}", where=address.name, next_step=_next_step(said.lower())
        ) from None


def _next_step(said: str) -> str:
    if "password" in said or "authentication" in said:
        return (
            "look at user and password: postgresql://user:$PASSWORD@host/database, or PGPASSWORD,"
            " or ~/.pgpass"
        )
    if any(word in said for word in ("connect", "translate host", "refused", "timeout")):
        return "look at host, port and name of the database, and whether it runs"
    return ""


class _DuckDb(_Standard):
    def __init__(self, address: Address, path: Path) -> None:
        duckdb = need("duckdb", extra=_EXTRA, purpose="read from DuckDB")
        self.address = address
        with _refusals(address, "the database cannot be opened"):
            self.connection = duckdb.connect(str(path), read_only=True)

    def frame(self, sql: str) -> pl.DataFrame:
        with _refusals(self.address, "the database refuses the statement"):
            return pl.DataFrame(self.connection.sql(sql))

    def tables(self) -> list[tuple[str, ...]]:
        return _named(self.frame(_TABLES))

    def close(self) -> None:
        self.connection.close()


class _Sqlite(_Standard):
    def __init__(self, address: Address, path: Path) -> None:
        self.address = address
        with _refusals(address, "the database cannot be opened"):
            self.connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)

    def frame(self, sql: str) -> pl.DataFrame:
        with _refusals(self.address, "the database refuses the statement"):
            return pl.read_database(sql, self.connection, infer_schema_length=None)

    def tables(self) -> list[tuple[str, ...]]:
        found = self.frame(
            "select name from sqlite_master where type in ('table', 'view')"
            " and name not like 'sqlite_%'"
        )
        return [(name,) for name in found["name"]]

    def close(self) -> None:
        self.connection.close()


class _Adbc(_Standard):
    def __init__(self, address: Address, driver: str) -> None:
        self.address = address
        dbapi = need(f"{driver}.dbapi", extra=_EXTRA, purpose=f"read from {address.scheme}")
        with _refusals(address, "the database cannot be reached"):
            self.connection: Any = dbapi.connect(address.url)
            if address.scheme in _POSTGRES:
                self._run("set transaction read only", lambda cursor: None)

    def _run(self, sql: str, fetch: Callable[[Any], Any]) -> Any:
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return fetch(cursor)

    def frame(self, sql: str) -> pl.DataFrame:
        with _refusals(self.address, "the database refuses the statement"):
            found: pl.DataFrame = self._run(sql, lambda cursor: pl.DataFrame(cursor.fetch_arrow()))
            return found

    def tables(self) -> list[tuple[str, ...]]:
        return _named(self.frame(_TABLES))

    def close(self) -> None:
        self.connection.close()


class _SqlAlchemy:
    has_limit = False

    def __init__(self, address: Address) -> None:
        self.address = address
        self.library = need("sqlalchemy", extra=_EXTRA, purpose=f"read from {address.scheme}")
        with _refusals(address, "the database cannot be reached"):
            self.engine = self.library.create_engine(address.url)
            self.connection = self.engine.connect()

    def frame(self, sql: str) -> pl.DataFrame:
        with _refusals(self.address, "the database refuses the statement"):
            statement = self.library.text(sql.replace(":", r"\:"))
            return pl.read_database(statement, self.connection, infer_schema_length=None)

    def tables(self) -> list[tuple[str, ...]]:
        with _refusals(self.address, "the tables cannot be listed"):
            found = self.library.inspect(self.engine)
            return [(name,) for name in (*found.get_table_names(), *found.get_view_names())]

    def quoted(self, name: str) -> str:
        return str(self.engine.dialect.identifier_preparer.quote(name))

    def close(self) -> None:
        self.connection.close()
        self.engine.dispose()


def _named(found: pl.DataFrame) -> list[tuple[str, ...]]:
    return [(name,) if schema in _USUAL else (schema, name) for schema, name in found.iter_rows()]
