"""Columns of ids of any type -> text, so that 42, 42.0 and "42" meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from palate.data.table import Table, shorten
from palate.errors import BadInput
from palate.tables import Finding
from palate.tables.id_spelling import EXACT, Plain, Spelling, alike, plain_ids


@dataclass(frozen=True)
class Ids:
    """A column of ids.

    Attributes:
        values: String [n_rows]; null where the id is missing or only blanks.
        notes: What was changed in writing them.
        findings: What is wrong with them and cannot be seen any more once they are text.
    """

    values: pl.Series
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def as_ids(table: Table, column: str, same: Sequence[Spelling] = ()) -> Ids:
    """The ids of a column as text.

    Whole numbers that a tool has written as 42.0 or as 1E+05 are written in digits alone, and that
    is said; so are numbers that a float cannot hold.

    Args:
        table: The table.
        column: Its column of ids.
        same: Differences in writing that do not count.

    Raises:
        BadInput: The column holds lists, objects, fractions or infinite numbers; these name
            nothing.

    >>> as_ids(Table("x", pl.DataFrame({"u": [1.0, None]})), "u").values.to_list()
    ['1', None]
    """
    raw = table.frame[column]
    if raw.dtype.is_float():
        plain = _of_floats(raw, table)
    elif (
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
    else:
        text = raw.cast(pl.String)
        text = text.set(text.str.strip_chars() == "", None)
        plain = plain_ids(text) if raw.dtype in (pl.String, pl.Decimal) else Plain(text)
    return Ids(alike(plain.values, same), _said(table, column, plain), _found(table, column, plain))


def _of_floats(raw: pl.Series, table: Table) -> Plain:
    known = raw.fill_nan(None)
    broken = (known.is_infinite() | (known.floor() != known)).fill_null(False).arg_true()
    if len(broken):
        row = int(broken[0])
        raise BadInput(
            f"{raw[row]} is no id; {len(broken):,} values are like that",
            where=f"{table.at(row)}, column {shorten(raw.name)}",
            allowed="texts or whole numbers",
        )
    exact = EXACT if raw.dtype == pl.Float64 else 2**24
    digits = known.cast(pl.Int128).cast(pl.String)
    return Plain(digits, int(known.count()), 0, int((known.abs() > exact).sum()))


def _said(table: Table, column: str, plain: Plain) -> tuple[str, ...]:
    start = f'The ids in "{shorten(column)}" of {table.title} are written as'
    said = (f"{start} 42.0 and were read as 42.",) if plain.pointed else ()
    return (*said, f"{start} 1E+05 and were read as 100000.") if plain.exponents else said


def _found(table: Table, column: str, plain: Plain) -> tuple[Finding, ...]:
    where = f"{table.name}, column {shorten(column)}"
    found: list[Finding] = []
    if plain.exponents:
        what = (
            f"{plain.exponents:,} ids are written with an exponent, such as 1E+05: a spreadsheet"
            " may have rounded them, and different ids have become the same"
        )
        advice = "write the source again with this column formatted as text"
        found.append(Finding("exponent-ids", "warning", what, where, plain.exponents, (), advice))
    if plain.rounded:
        what = (
            f"{plain.rounded:,} ids are floats so large that they do not hold every whole number:"
            " different ids may have become the same"
        )
        advice = "read this column as text or as int64 (pandas: dtype=str), and write it again"
        found.append(Finding("rounded-ids", "error", what, where, plain.rounded, (), advice))
    return tuple(found)
