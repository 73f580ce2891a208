"""Reading of a long table only the columns that are needed, which its first rows tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Protocol, TypeAlias

import polars as pl

from palate.data.column_values import SAMPLE
from palate.data.table import Table

Needed: TypeAlias = Callable[[Table], Sequence[str] | None]
"""Table, perhaps its first rows alone -> the columns that are needed; None for all."""

LEAST: Final = 2 * SAMPLE
"""Shorter tables are read whole."""


class Read(Protocol):
    """Reads some columns and rows of a source."""

    def __call__(self, names: Sequence[str] | None, n_rows: int | None) -> pl.DataFrame:
        """The columns of these names and the first rows; None: all."""
        ...


def projected(
    read: Read,
    made: Callable[[pl.DataFrame], Table],
    n_rows: int,
    needed: Needed | None,
) -> Table:
    """The table with the columns that are needed, and the first rows of all of them beside it.

    Args:
        read: Reads the source.
        made: Makes a table of what was read.
        n_rows: Rows of the source.
        needed: Says which columns; asked once more when they are there, and where it then wants
            others, all are read.
    """
    if needed is None or n_rows < LEAST:
        return made(read(None, None))
    head = made(read(None, SAMPLE))
    names = needed(head)
    if names is None or not names or set(names) == set(head.frame.columns):
        return made(read(None, None))
    table = replace(made(read(names, None)), head=head.frame)
    again = needed(table)
    if again is None or not set(again) <= set(names):
        return made(read(None, None))
    return table
