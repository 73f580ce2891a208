"""What ids were before they became text, so that callers get them back as they know them."""

from __future__ import annotations

from palate.data.ids import Ids
from palate.tables.dataset import IdType


def id_type(*columns: Ids) -> IdType:
    """Whole numbers where every column holds nothing else, as whatever reads the source sees it.

    A text file has no types: digits without leading zeros are numbers there. In a frame a column of
    texts is one of texts, digits or not.

    >>> import polars as pl
    >>> from palate.data.ids import as_ids
    >>> from palate.data.table import Table
    >>> frame = pl.DataFrame({"u": ["1", "2"]})
    >>> id_type(as_ids(Table("log", frame), "u"))
    'text'
    >>> id_type(as_ids(Table("log.csv", frame, first_line=2), "u"))
    'number'
    """
    return "number" if all(ids.numbers for ids in columns) else "text"
