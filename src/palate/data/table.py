"""One source as it was read: a frame, and how to name one of its rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from palate.errors import BadInput
from palate.tables import Finding


@dataclass(frozen=True)
class Table:
    """A log, a catalogue or a table of users before its columns are understood.

    Attributes:
        name: What messages call it: a path, or "interactions", "items", "users" for frames.
        frame: Its rows, in the order of the source.
        digest: SHA-256 of the bytes it came from.
        notes: Sentences about how it was read.
        first_line: Line of the first row, where each row is one line of a text file; None
            elsewhere.
        objects: Columns whose values were objects and became their JSON text; they are no ids.
        findings: What was wrong with the source and is mended in the frame.
        head: The first rows with all columns of the source, where `frame` has only some of them;
            None where it has all.
    """

    name: str
    frame: pl.DataFrame
    digest: str = ""
    notes: tuple[str, ...] = ()
    first_line: int | None = None
    objects: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    head: pl.DataFrame | None = None

    def __len__(self) -> int:
        return self.frame.height

    @property
    def first(self) -> pl.DataFrame:
        """The first rows, at least, with all columns of the source."""
        return self.frame if self.head is None else self.head

    @property
    def title(self) -> str:
        """A short name for sentences: the file's name without its folder."""
        return title_of(self.name)

    def at(self, row: int) -> str:
        """The place of a row (counted from 0) for a message, counted from 1.

        >>> Table("clicks.csv", pl.DataFrame({"a": [1]}), first_line=2).at(0)
        'clicks.csv, row 1 (line 2)'
        """
        line = "" if self.first_line is None else f" (line {self.first_line + row})"
        return f"{self.name}, row {row + 1}{line}"

    def rows(self, positions: Sequence[int]) -> str:
        """The first rows of a fault, as words.

        >>> Table("a", pl.DataFrame()).rows([0, 4])
        'rows 1 and 5'
        """
        shown = [str(p + 1) for p in positions[:3]]
        if len(positions) > 3:
            return f"rows {', '.join(shown)} and {len(positions) - 3:,} more"
        return f"row {shown[0]}" if len(shown) == 1 else f"rows {' and '.join(shown)}"

    def replaced(self, frame: pl.DataFrame, notes: Iterable[str] = ()) -> Table:
        """The same source with other rows or columns, and what was done said."""
        whole = frame.height == self.frame.height
        return replace(
            self,
            frame=frame,
            notes=(*self.notes, *notes),
            first_line=self.first_line if whole else None,
        )


def title_of(name: str) -> str:
    """A source's short name for sentences: a file's name without its folder."""
    return Path(name).name


def shorten(value: object, length: int = 60) -> str:
    """A value for a message: on one line, printable, and not too long.

    >>> shorten("a" * 100, 10)
    'aaaaaaa...'
    """
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(value)[: length + 1])
    return text if len(text) <= length else f"{text[: length - 3]}..."


def refuse_same_names(names: Sequence[str], where: str) -> None:
    """Refuse two columns of one name.

    Raises:
        BadInput: Some name occurs twice; the message says at which places.
    """
    if len(set(names)) == len(names):
        return
    twice = next(n for i, n in enumerate(names) if n in names[:i])
    positions = [str(i + 1) for i, n in enumerate(names) if n == twice]
    raise BadInput(
        f'{len(positions)} columns have the same name "{shorten(twice)}": the columns'
        f" {' and '.join(positions[:5])}",
        where=where,
        next_step="rename or remove all but one",
    )
