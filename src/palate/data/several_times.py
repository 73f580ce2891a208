"""Several columns of times in a log, of which one says when the event was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from palate.data.times import as_times
from palate.data.typed import one_number
from palate.errors import BadInput

_LOOK: Final = 2000
_MOSTLY: Final = 0.95
_DESCRIBED: Final = 1.05


def first_of_times(
    frame: pl.DataFrame, columns: Sequence[str], ids: Sequence[str | None]
) -> str | None:
    """The column of times that is earliest in nearly every row: an event is ordered before it is
    paid, played before it is sent; None where no column is.

    A day that a user or an item has in all of its events, such as that of a birth or a release,
    describes these and no event.

    Args:
        frame: The log's first rows.
        columns: Columns of times.
        ids: The columns of user and item.
    """
    head = frame.head(_LOOK)
    times: dict[str, pl.Series] = {}
    for column in columns:
        if any(_describes(head, column, of) for of in ids if of is not None):
            continue
        try:
            times[column] = as_times(head[column], column).values
        except BadInput:  # days and months that may be exchanged tell no order
            continue
    for column, own in times.items():
        others = [other for name, other in times.items() if name != column]
        known = own.is_not_null()
        if not known.any() or own.null_count() > (1 - _MOSTLY) * len(own):
            continue
        if all(one_number((own <= other).fill_null(True).mean()) >= _MOSTLY for other in others):
            return column
    return None


def _describes(head: pl.DataFrame, column: str, of: str) -> bool:
    """Whether each value of `of` has one value of the column, though it comes again."""
    different = head[of].n_unique()
    again = different < head.height
    return again and head.select(of, column).n_unique() <= _DESCRIBED * different
