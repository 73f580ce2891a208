"""Rows of a table that are none: the line of names, once more."""

from __future__ import annotations

import polars as pl

from palate.data.table import Table


def without_repeated_names(table: Table) -> Table:
    """The table without rows that repeat its names, as they come about when files are put behind
    one another; that is said.

    >>> names = pl.DataFrame({"user": ["7", "user"], "item": ["a", "item"]})
    >>> without_repeated_names(Table("log.csv", names)).frame.height
    1
    """
    frame = table.frame
    texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    if len(texts) < 2 or len(texts) < frame.width or not (frame[texts[0]] == texts[0]).any():
        return table
    again = frame.select(
        pl.all_horizontal([pl.col(name).str.strip_chars() == name for name in texts]).fill_null(
            False
        )
    ).to_series()
    rows = again.arg_true().to_list()
    if not rows or len(rows) == frame.height:
        return table
    what = (
        "repeats the line of names and is" if len(rows) == 1 else "repeat the line of names and are"
    )
    said = f"{table.rows(rows).capitalize()} of {table.title} {what} left out."
    return table.replaced(frame.filter(~again), [said])
