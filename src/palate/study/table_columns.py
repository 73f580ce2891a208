"""Columns of a file that a study reads: found by name, as numbers, as users."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from palate.arrays import Doubles, Rows
from palate.data.column_names import compact
from palate.data.table import Table
from palate.data.typed import values
from palate.errors import BadInput, nearest


def usual_column(table: Table, aliases: Sequence[str]) -> str:
    """The column that has one of these names, whatever its case, dashes and blanks; the first name
    counts most. Empty where there is none.
    """
    named = {compact(one): one for one in reversed(table.frame.columns)}
    return next((named[compact(one)] for one in aliases if compact(one) in named), "")


def known_column(table: Table, name: str, where: str) -> pl.Series:
    """The column.

    Raises:
        BadInput: There is none of this name.
    """
    if name not in table.frame.columns:
        raise BadInput(
            f'there is no column "{name}"',
            where=f"{table.name}, {where}",
            allowed=", ".join(table.frame.columns[:30]),
            next_step=nearest(name, table.frame.columns),
        )
    return table.frame.get_column(name)


def refuse_missing(table: Table, column: pl.Series, what: str) -> None:
    """Refuse a column with gaps.

    Raises:
        BadInput: A row has none.
    """
    if column.null_count():
        row = int(column.is_null().arg_max() or 0)
        raise BadInput(f"no {what}", where=table.at(row), next_step="leave such rows out")


def finite_numbers(table: Table, name: str, what: str) -> Doubles:
    """float64 [n], a column of numbers, or of words that say yes and no.

    Raises:
        BadInput: There is no such column, or a row has no finite number.
    """
    column = known_column(table, name, what)
    refuse_missing(table, column, what)
    numbers = values(column)
    fine = numbers.is_finite().fill_null(value=False)
    if not fine.all():
        row = int((~fine).arg_max() or 0)
        raise BadInput(
            f'"{column[row]}" in {name}', where=table.at(row), allowed="a number in every row"
        )
    return numbers.to_numpy().astype(np.float64)


def user_rows(table: Table, name: str) -> tuple[Rows, Sequence[str] | None]:
    """int32 [n], a number for each user, and their ids by that number; each row a user of its own,
    and no ids, where `name` is empty. A row of somebody unknown is a user of its own too.
    """
    if not name:
        return np.arange(table.frame.height, dtype=np.int32), None
    column = known_column(table, name, "user").cast(pl.String)
    unknown = pl.Series([f"\0{row}" for row in range(len(column))], dtype=pl.String)
    ids = column.zip_with(column.is_not_null(), unknown)
    different = ids.unique(maintain_order=True)
    number = dict(zip(different.to_list(), range(len(different)), strict=True))
    return np.array([number[one] for one in ids.to_list()], np.int32), different.to_list()
