"""Lines of a delimited file that are no rows: too many fields, too few, or open quotes."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Final

import polars as pl

from palate.errors import BadInput

MOST: Final = 0.2
"""A file of which a larger share of lines is broken is refused: what is left may be another one."""

_LONGEST: Final = 50


class BrokenLines(BadInput):
    """Lines that are no rows, which `drop = ["ragged-rows"]` would leave out.

    Attributes:
        count: How many lines would be left out.
        n_lines: Lines of the file.
        n_fields: Fields of a row.
        quotes: Whether fields were read as quoted.
        quotes_fail: Whether it is quotes that do not close.
    """

    count: int = 0
    n_lines: int = 0
    n_fields: int = 1
    quotes: bool = False
    quotes_fail: bool = False

    @property
    def few(self) -> bool:
        """Whether so few lines are broken that they may be left out."""
        return self.count <= MOST * self.n_lines


@dataclass(frozen=True)
class Sound:
    """The lines of a text that are rows.

    Attributes:
        text: The text without the others.
        dropped: Numbers of the lines that were left out, from 1 on.
        n_lines: How many lines there were.
    """

    text: str
    dropped: tuple[int, ...]
    n_lines: int


def sound_lines(text: str, separator: str, n_fields: int, *, quotes: bool) -> Sound:
    r"""The text without its broken lines; fields beyond the last column that are empty are cut off.

    A quote that is opened may close in a later line; where the next line is a row by itself it does
    not.

    Args:
        text: The file's text, lines split by line feeds.
        separator: What parts the fields.
        n_fields: Fields of a row.
        quotes: Whether fields may be quoted.

    >>> sound_lines("a,b\n1,2,\n3\n4,5\n", ",", 2, quotes=True)
    Sound(text='a,b\n1,2\n4,5\n', dropped=(3,), n_lines=4)
    """
    rows = _Rows(separator, n_fields, quotes)
    lines = text.rstrip("\n").split("\n")
    kept: list[str] = []
    dropped: list[int] = []
    at = 0
    while at < len(lines):
        found, used = rows.at(lines, at)
        if found is None:
            dropped.append(at + 1)
        else:
            kept.append(found)
        at += used
    return Sound("\n".join(kept) + "\n", tuple(dropped), len(lines))


@dataclass(frozen=True)
class _Rows:
    separator: str
    n_fields: int
    quotes: bool

    def at(self, lines: list[str], at: int) -> tuple[str | None, int]:
        """The row that begins in a line, None if none does, and how many lines it takes."""
        line = lines[at]
        if not line.strip() or self.fits(line):
            return line, 1
        beyond = self.separator * max(line.count(self.separator) - self.n_fields + 1, 0)
        if beyond and line.endswith(beyond) and self.fits(line[: -len(beyond)]):
            return line[: -len(beyond)], 1
        if not self.quotes or '"' not in line:
            return None, 1
        for n in range(2, min(_LONGEST, len(lines) - at) + 1):
            last = lines[at + n - 1]
            if last.count('"') % 2 == 0 and self.fits(last):
                break
            joined = "\n".join(lines[at : at + n])
            if self.fits(joined):
                return joined, n
        return None, 1

    def fits(self, row: str) -> bool:
        """Whether this is exactly one row."""
        if not self.quotes or '"' not in row:
            return row.count(self.separator) + 1 == self.n_fields
        reader = csv.reader(io.StringIO(row, newline=""), delimiter=self.separator, strict=True)
        try:
            found = list(reader)
        except csv.Error:
            return False
        return len(found) == 1 and len(found[0]) == self.n_fields


def without_quotes(frame: pl.DataFrame) -> pl.DataFrame:
    """Fields that were read with their quotes, without those around them and one that stands alone
    at the start.

    >>> without_quotes(pl.DataFrame({"a": ['"b"', '15" screen', '"c']}))["a"].to_list()
    ['b', '15" screen', 'c']
    """
    wrapped = pl.all().str.contains(r'(?s)^"(?:[^"]|"")*"$')
    inner = pl.all().str.slice(1).str.head(-1).str.replace_all('""', '"', literal=True)
    alone = pl.all().str.replace(r'(?s)^"([^"]*)$', "$1")
    plain = frame.select(pl.when(wrapped).then(inner).otherwise(alone))
    return plain.rename(lambda name: name.strip('"') or name)
