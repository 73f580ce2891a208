"""A table or a query of a database -> `Table`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import polars as pl

from palate.data.address import Address, parsed
from palate.data.readers.engines import Engine, opened
from palate.data.readers.frames import from_frame
from palate.data.readers.projection import Needed, projected
from palate.data.table import Table
from palate.errors import BadInput, BadRecipe, nearest

_READS: Final = re.compile(r"(?is)(?:\s|--[^\n]*\n|/\*.*?\*/|\()*(select|with|from|values|table)\b")
_SHOWN: Final = 20


def read_database(
    text: str, base: Path, query: str = "", needed: Needed | None = None, setting: str = "query"
) -> Table:
    """Read what an address names: `duckdb:///clicks.duckdb#events`, `sqlite:///shop.db#events`,
    `postgresql://user@host/database#events`, or the address of any other database that ADBC or
    SQLAlchemy has a driver for.

    Of a table only the columns that are needed are asked for. A database that is one file is opened
    for reading alone; PostgreSQL is asked in a transaction that may not write. Rows come in the
    order in which the database gives them.

    Args:
        text: The address; the table behind `#`, where the database has several.
        base: The folder that relative paths start from.
        query: A statement whose rows are read in place of a table.
        needed: Which columns of a table are needed; None: all.
        setting: The recipe key of `query`, for the messages.

    Raises:
        BadInput: There is no such database or table, it does not answer or lets no one in, or the
            statement is none; passwords are not shown.
        BadRecipe: Table and query are both given, or the query does not read.
        MissingExtra: The driver is not installed.
    """
    address = parsed(text)
    if query and address.table:
        raise BadRecipe(
            f"both a table (#{address.table}) and a query are given",
            where=setting,
            next_step="leave out one of them",
        )
    if query and not _READS.match(query):
        raise BadRecipe(
            "the query is no statement that reads rows",
            where=setting,
            allowed="select ... from ..., or with ... select ...",
        )
    engine = opened(address, base)
    try:
        if query:
            return from_frame(engine.frame(query.strip().rstrip(";")), address.name)
        return _table(engine, address, needed)
    finally:
        engine.close()


def _table(engine: Engine, address: Address, needed: Needed | None) -> Table:
    table = _chosen(engine.tables(), address)
    quoted = ".".join(engine.quoted(part) for part in table)
    name = f"{address.shown}#{'.'.join(table)}"
    if not engine.has_limit:
        return from_frame(engine.frame(f"select * from {quoted}"), name)  # noqa: S608
    count = int(engine.frame(f"select count(*) as n from {quoted}").item())  # noqa: S608

    def read(names: Sequence[str] | None, n_rows: int | None) -> pl.DataFrame:
        """Some of the columns or rows."""
        listed = [] if names is None else [engine.quoted(n) for n in names]
        limit = "" if n_rows is None else f" limit {n_rows}"
        return engine.frame(f"select {', '.join(listed) or '*'} from {quoted}{limit}")  # noqa: S608

    return projected(read, lambda frame: from_frame(frame, name), count, needed)


def _chosen(tables: Sequence[tuple[str, ...]], address: Address) -> tuple[str, ...]:
    """The table that the address names, or the only one."""
    listed = sorted(".".join(table) for table in tables)
    named = address.table
    found = [t for t in tables if named in (".".join(t), t[-1])] if named else list(tables)
    exact = [t for t in found if named == ".".join(t)]
    if len(exact or found) == 1:
        return (exact or found)[0]
    more = f" and {len(listed) - _SHOWN:,} more" if len(listed) > _SHOWN else ""
    if named:
        how_many = "no" if not found else f"{len(found)} times a"
        what = f'the database has {how_many} table "{named}"'
    else:
        what = f"the database has {len(tables):,} tables, and none is named"
    raise BadInput(
        what,
        where=address.shown,
        allowed=f"one of {', '.join(listed[:_SHOWN])}{more}" if listed else "",
        next_step=nearest(named, listed)
        or (f"name it behind the address: {address.shown}#{listed[0]}" if listed else ""),
    )
