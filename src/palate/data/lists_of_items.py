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
        named = [column for column in columns if column.name == wanted]
        return _exploded(table, named[0], wanted)[0] if named else table
    guessing = replace(settings, item_column="") if wanted else settings
    if not wanted:
        roles = known_roles(table, settings)
        if roles.item is not None or roles.user is None:
            return table
    found = []
    for column in columns:
        one, new = _exploded(table, column)
        if wanted in new if wanted else known_roles(one, guessing).item in new:
            found.append(one)
    return found[0] if len(found) == 1 else table


def _holds_lists(column: pl.Series) -> bool:
    if column.dtype == pl.List:
        return True
    given = column.drop_nulls().head(_LOOK) if column.dtype == pl.String else column.head(0)
    return len(given) > 0 and bool(given.str.contains(r"^\s*\[\s*[{\]]").all())


def _exploded(table: Table, column: pl.Series, called: str = "") -> tuple[Table, set[str]]:
    """A row for each entry, and the columns that entries give: keys of objects, or one for plain
    values, which is `called` so.
    """
    lists = [_list(value) for value in column.to_list()]
    rows = [row for row, entries in enumerate(lists) for _ in entries]
    entries = [entry for entries in lists for entry in entries]
    rest = table.frame.drop(column.name)[rows]
    for other in _beside(table.frame, column.name, lists):
        each = _whole(_entries(table.frame[other]))
        rest = rest.drop(other).with_columns(each.alias(_singular(other, rest.columns)))
    new: dict[str, pl.Series] = {}
    objects = [o for o in table.objects if o != column.name]
    for name, values in _fields(column.name, entries, rest.columns, called):
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
    return replace(made, objects=tuple(objects), head=None, first_line=None), set(new)


def _beside(frame: pl.DataFrame, name: str, lists: Sequence[Sequence[Any]]) -> list[str]:
    """Other columns of lists that have an entry for each one of these, such as its time."""
    lengths = [len(entries) for entries in lists]
    found = [c for c in frame.get_columns() if c.dtype == pl.List and c.name != name]
    alike = [c for c in found if c.list.len().fill_null(0).to_list() == lengths]
    many = any(length > 1 for length in lengths)
    return [c.name for c in alike if many and not _entries(c).null_count()]


def _entries(column: pl.Series) -> pl.Series:
    """The entries of all lists that have any."""
    return column.filter(column.list.len() > 0).explode()


def _whole(column: pl.Series) -> pl.Series:
    """Numbers of a list, which are floats, as whole ones where they are."""
    if column.dtype != pl.Float64 or not bool((column == column.floor()).all()):
        return column
    return column.cast(pl.Int64, strict=False)


def _singular(name: str, taken: Sequence[str]) -> str:
    one = name[:-1] if name.endswith("s") else name
    return name if one in taken else one


def _list(value: Any) -> Sequence[Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return ()
    return value if isinstance(value, list) else ()


def _fields(
    column: str, entries: Sequence[Any], taken: Sequence[str], called: str
) -> Iterator[tuple[str, list[Any]]]:
    """The columns that entries give; plain values have the name of the list, for one of them."""
    keys = dict.fromkeys(key for e in entries if isinstance(e, dict) for key in e)
    if not keys:
        yield called or _singular(column, taken), list(entries)
    for key in keys:
        values = [e.get(key) if isinstance(e, dict) else None for e in entries]
        name = f"{column}.{key}" if key in taken else str(key)
        yield from members(name, values)
