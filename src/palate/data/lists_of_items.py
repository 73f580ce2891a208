"""Logs of which a row holds several items: an order with a list of its lines, a user with a list of
what was played. Each entry becomes an event.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import polars as pl

from palate.data.column_roles import known_roles
from palate.data.readers.columns import column_of
from palate.data.readers.members import members
from palate.data.settings import DataSettings
from palate.data.table import Table, shorten

_LOOK: Final = 1000


def with_event_each(table: Table, settings: DataSettings) -> Table:
    """The log with a row for each entry of the one list that holds its items; the table itself
    where it has a column of items, or where no list, or more than one, may hold them.

    Args:
        table: A log.
        settings: Columns that are named.

    Cost: one reading of the list as objects of Python, where it holds objects.

    >>> log = pl.DataFrame({"user": [7], "items": [["a", "b"]]})
    >>> with_event_each(Table("x", log), DataSettings()).frame.rows()
    [(7, 'a'), (7, 'b')]
    """
    wanted = settings.item_column
    columns = [c for c in table.frame.get_columns() if _holds_lists(c)]
    if not columns or wanted in set(table.first.columns):
        return table
    guessing = replace(settings, item_column="") if wanted else settings
    if not wanted:
        roles = known_roles(table, settings)
        if roles.item is not None or roles.user is None:
            return table
    found = []
    for column in columns:
        one = _exploded(table, column)
        new = set(one.frame.columns) - set(table.frame.columns)
        if wanted in new if wanted else known_roles(one, guessing).item in new:
            found.append(one)
    return found[0] if len(found) == 1 else table


def _holds_lists(column: pl.Series) -> bool:
    if column.dtype == pl.List:
        return True
    given = column.drop_nulls().head(_LOOK) if column.dtype == pl.String else column.head(0)
    return len(given) > 0 and bool(given.str.contains(r"^\s*\[\s*[{\]]").all())


def _exploded(table: Table, column: pl.Series) -> Table:
    """A row for each entry; keys of its objects are columns."""
    lists = [_list(value) for value in column.to_list()]
    rows = [row for row, entries in enumerate(lists) for _ in entries]
    entries = [entry for entries in lists for entry in entries]
    rest = table.frame.drop(column.name)[rows]
    new: dict[str, pl.Series] = {}
    objects = [o for o in table.objects if o != column.name]
    for name, values in _fields(column.name, entries, rest.columns):
        new[name], _ = column_of(values, name, table.name)
        objects += [name] if any(isinstance(v, dict) for v in values) else []
    names = ", ".join(f'"{shorten(name)}"' for name in new)
    said = (
        f'Each entry of the lists in "{shorten(column.name)}" of {table.title} is an event, with'
        f" {names}."
    )
    own = f'"{shorten(column.name)}" of '  # that it was read as text is true no more
    notes = tuple(note for note in table.notes if not note.startswith(own))
    made = replace(table, notes=notes).replaced(rest.with_columns(**new), [said])
    return replace(made, objects=tuple(objects), head=None, first_line=None)


def _list(value: Any) -> Sequence[Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return ()
    return value if isinstance(value, list) else ()


def _fields(
    column: str, entries: Sequence[Any], taken: Sequence[str]
) -> Iterator[tuple[str, list[Any]]]:
    """The columns that entries give; plain values have the name of the list, for one of them."""
    keys = dict.fromkeys(key for e in entries if isinstance(e, dict) for key in e)
    if not keys:
        one = column[:-1] if column.endswith("s") else column
        yield (column if one in taken else one), list(entries)
    for key in keys:
        values = [e.get(key) if isinstance(e, dict) else None for e in entries]
        name = f"{column}.{key}" if key in taken else str(key)
        yield from members(name, values)
