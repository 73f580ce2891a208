"""Columns of ids of any type -> text, so that 42, 42.0 and "42" meet."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from palate.data.table import Table, shorten
from palate.errors import BadInput

_WHOLE_FLOAT = r"^\d+\.0$"


@dataclass(frozen=True)
class Ids:
    """A column of ids.

    Attributes:
        values: String [n_rows]; null where the id is missing or only blanks.
        notes: What was changed in writing them.
    """

    values: pl.Series
    notes: tuple[str, ...] = ()


def as_ids(table: Table, column: str) -> Ids:
    """The ids of a column as text.

    Whole numbers that a tool has written as floats ("42.0") lose their ".0", and that is said.

    Raises:
        BadInput: The column holds lists, objects, fractions or infinite numbers; these name
            nothing.

    >>> as_ids(Table("x", pl.DataFrame({"u": [1.0, None]})), "u").values.to_list()
    ['1', None]
    """
    raw = table.frame[column]
    if raw.dtype.is_float():
        return _of_floats(raw, table)
    if (
        raw.dtype.is_nested()
        or raw.dtype in (pl.Object, pl.Binary, pl.Boolean)
        or column in table.objects
    ):
        kind = "objects" if column in table.objects else f"of type {raw.dtype}"
        raise BadInput(
            f'the ids in "{shorten(column)}" are {kind}',
            where=f"{table.at(0)}, column {shorten(column)}",
            allowed="texts or whole numbers",
            next_step="name another column, or write one id a row",
        )
    text = raw.cast(pl.String)
    text = text.set(text.str.strip_chars() == "", None)
    given = text.drop_nulls()
    if raw.dtype == pl.String and len(given) and given.str.contains(_WHOLE_FLOAT).all():
        return Ids(text.str.strip_suffix(".0"), (_said(table, column),))
    return Ids(text)


def _of_floats(raw: pl.Series, table: Table) -> Ids:
    known = raw.fill_nan(None)
    broken = (known.is_infinite() | (known.floor() != known)).fill_null(False).arg_true()
    if len(broken):
        row = int(broken[0])
        raise BadInput(
            f"{raw[row]} is no id; {len(broken):,} values are like that",
            where=f"{table.at(row)}, column {shorten(raw.name)}",
            allowed="texts or whole numbers",
        )
    return Ids(known.cast(pl.Int64).cast(pl.String), (_said(table, raw.name),))


def _said(table: Table, column: str) -> str:
    return (
        f'The ids in "{shorten(column)}" of {table.title} are written as 42.0 and were read as 42.'
    )
