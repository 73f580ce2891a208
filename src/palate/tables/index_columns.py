"""The row number that pandas, R and others write beside a table, which is no column of it."""

from __future__ import annotations

import re
from typing import Final

import polars as pl

_MARKED: Final = re.compile(r"|Unnamed: \d+(\.\d+)*|__index_level_\d+__|column_1|\.\.\.1")
"""Names that only such a column has: an empty one, and what tools make of it."""

_PLAIN: Final = re.compile(r"(?i)index|level_0|rownames|row_?names?|row_?(number|num|no|id)?")
"""Names that such a column may have, if it counts the rows."""

_NAMELESS: Final = re.compile(r"column_\d+")


def index_columns(frame: pl.DataFrame) -> list[str]:
    """The columns that hold the numbers of rows; none in a table without names.

    >>> index_columns(pl.DataFrame({"Unnamed: 0": ["0", "2"], "index": [7, 3], "id": [0, 1]}))
    ['Unnamed: 0']
    """
    if all(_NAMELESS.fullmatch(name) for name in frame.columns):
        return []
    return [c.name for c in frame.get_columns() if is_index(c)]


def is_index(column: pl.Series) -> bool:
    """Whether a column numbers the rows: whole numbers under a name that no one chose, or the count
    of the rows, from 0 or 1 on, under one such as "index".

    Args:
        column: [n_rows], as text or as numbers.
    """
    if not may_be_index(column.name):
        return False
    numbers = _whole(column)
    if numbers is None or len(numbers) < 2:
        return False
    return _MARKED.fullmatch(column.name) is not None or _is_count(numbers)


def counts_rows(column: pl.Series) -> bool:
    """Whether a column, whatever its name, counts the rows, from 0 or 1 on."""
    numbers = _whole(column)
    return numbers is not None and len(numbers) > 2 and _is_count(numbers)


def _is_count(numbers: pl.Series) -> bool:
    first = int(numbers[0])
    count = pl.int_range(first, first + len(numbers), eager=True)
    return first in (0, 1) and bool((numbers == count).all())


def may_be_index(name: str) -> bool:
    """Whether the numbers of rows stand under such a name."""
    return bool(_MARKED.fullmatch(name) or _PLAIN.fullmatch(name))


def is_marked(name: str) -> bool:
    """Whether no one chose this name: a tool wrote it for the numbers (or names) of rows."""
    return _MARKED.fullmatch(name) is not None


def _whole(column: pl.Series) -> pl.Series | None:
    if not (column.dtype.is_integer() or column.dtype.is_float() or column.dtype == pl.String):
        return None
    text = column.cast(pl.String).str.replace(r"\.0$", "")
    # a glance first: most columns are none, and long ones take time
    if not text.head(100).str.contains(r"^\d{1,18}$").fill_null(False).all():
        return None
    numbers = text.cast(pl.Int64, strict=False)
    return None if numbers.null_count() else numbers
