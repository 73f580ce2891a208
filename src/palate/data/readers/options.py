"""Options of a reader of text files."""

from __future__ import annotations

from dataclasses import dataclass

from palate.data.readers.projection import Needed

MAX_COLUMNS = 10_000
"""More columns than this are a fault (a table on its side, a wrong separator), not a table."""


@dataclass(frozen=True)
class TextOptions:
    """How a text file is written, where that is known.

    Attributes:
        encoding: e.g. "latin-1"; empty for UTF-8, or what a byte-order mark says.
        separator: What parts the fields; empty for finding out.
        columns: Names of the columns of a file that has no line of names; empty for finding out.
        quotes: Whether a field may be quoted; a file may also be found not to use quotes.
        drop_ragged: Whether lines that are no rows are left out instead of refused.
        needed: Which columns of a long file are needed; None: all.
    """

    encoding: str = ""
    separator: str = ""
    columns: tuple[str, ...] = ()
    quotes: bool = True
    drop_ragged: bool = False
    needed: Needed | None = None
