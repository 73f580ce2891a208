"""The names of a delimited file's columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from palate.data.readers.options import MAX_COLUMNS, TextOptions
from palate.data.readers.sniff import has_names
from palate.data.table import refuse_same_names, title_of
from palate.errors import BadInput


@dataclass(frozen=True)
class Header:
    """The names of a file's columns.

    Attributes:
        names: The names.
        in_file: Whether the first line holds them, and no row.
        notes: What is said of them.
    """

    names: tuple[str, ...]
    in_file: bool
    notes: tuple[str, ...] = ()


def header_of(
    where: str, first: Sequence[str], sample: Sequence[Sequence[str]], options: TextOptions
) -> Header:
    """The names of the columns, from the first line or by their places.

    Args:
        where: Name of the file.
        first: Fields of its first line.
        sample: Fields of some lines that follow.
        options: What is known about it.

    Raises:
        BadInput: Too many columns, or two of one name.
    """
    if len(first) > MAX_COLUMNS:
        raise BadInput(
            f"{len(first):,} columns",
            where=f"{where}, line 1",
            allowed=f"at most {MAX_COLUMNS:,}",
            next_step="give one row an event: user, item, value, time",
        )
    if options.columns:
        return Header(options.columns, False)
    if not has_names(first, sample):
        names = tuple(f"column_{i + 1}" for i in range(len(first)))
        return Header(
            names, False, (f"{title_of(where)} has no line of names: its first line holds data.",)
        )
    names = tuple(name.strip() or f"column_{i + 1}" for i, name in enumerate(first))
    refuse_same_names(names, f"{where}, line 1")
    unnamed = [n for n, name in zip(names, first, strict=True) if not name.strip()]
    return Header(
        names,
        True,
        (
            (f"{title_of(where)}: unnamed columns are called {', '.join(unnamed[:5])}.",)
            if unnamed
            else ()
        ),
    )
