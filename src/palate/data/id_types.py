"""What ids were before they became text, so that callers get them back as they know them."""

from __future__ import annotations

import polars as pl

from palate.data.table import Table
from palate.tables.dataset import IdType

_WHOLE = r"^(0|-?[1-9]\d{0,17})$"


def id_type(*columns: tuple[Table, str]) -> IdType:
    """Whole numbers where every column holds nothing else, as whatever reads the source sees it.

    A text file has no types: digits without leading zeros are numbers there. In a frame a column of
    texts is one of texts, digits or not.

    >>> id_type((Table("log", pl.DataFrame({"u": ["1", "2"]})), "u"))
    'text'
    >>> id_type((Table("log.csv", pl.DataFrame({"u": ["1", "2"]}), first_line=2), "u"))
    'number'
    """
    return "number" if all(_numbers(table, column) for table, column in columns) else "text"


def _numbers(table: Table, column: str) -> bool:
    ids = table.frame[column]
    if ids.dtype == pl.String and table.first_line is not None:
        return bool(ids.drop_nulls().str.contains(_WHOLE).all())
    return ids.dtype.is_integer() or ids.dtype.is_float()
