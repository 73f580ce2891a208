"""Lines above the names of the columns, as spreadsheets and shop systems write them: a title, the
day of the export, a filter.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from palate.data.readers.options import TextOptions
from palate.data.table import shorten

_SEPARATORS: Final = ("\t", ",", ";", "|")
_SAMPLE_BYTES: Final = 1 << 16
_MOST_LINES: Final = 12
_LEAST_ROWS: Final = 3
_MOSTLY: Final = 0.9
_NUMBER: Final = re.compile(r"[\d\W_]*")


def without_heading(data: bytes, options: TextOptions) -> tuple[bytes, str]:
    r"""The text with empty lines in place of those above the names, so that lines keep their
    numbers, and what to say of them; the text itself and nothing to say where its first line is the
    names.

    Such a line fills its first field, and half of the columns of the rows at most; behind them
    comes a line that fills every column, without a number.

    Args:
        data: UTF-8 text.
        options: Whether its separator is known.

    >>> table = b"Orders 2024;;\nid;day;sum\n1;2;3\n2;2;3\n3;2;3"
    >>> without_heading(table, TextOptions())[0]
    b'\nid;day;sum\n1;2;3\n2;2;3\n3;2;3'
    """
    lines = data[:_SAMPLE_BYTES].decode("utf-8", "ignore").splitlines(keepends=True)
    if len(data) > _SAMPLE_BYTES:
        lines = lines[:-1]
    separator = options.separator or _separator(lines)
    n = _lines_above(lines, separator) if len(separator) == 1 else 0
    if not n:
        return data, ""
    head = "".join(lines[:n]).encode()
    titles = [title for line in lines[:n] if (title := line.strip().strip(separator).strip())]
    return b"\n" * n + data[len(head) :], _said(titles)


def _separator(lines: Sequence[str]) -> str:
    """The separator of the rows, whatever stands above them; empty where none is sure."""
    given = [line for line in lines if line.strip()]
    found: list[tuple[bool, int, str]] = []
    for separator in _SEPARATORS if len(given) > _LEAST_ROWS else ():
        widths = [len(_fields(line, separator)) for line in given]
        width, n = Counter(widths[1:]).most_common(1)[0]
        if width > 1 and n >= _MOSTLY * (len(widths) - _MOST_LINES):
            found.append((widths[0] == width, width, separator))
    return max(found, default=(False, 0, ""))[2]


def _said(titles: Sequence[str]) -> str:
    shown = ", ".join(f'"{shorten(title, 40)}"' for title in titles[:3])
    more = f" and {len(titles) - 3:,} more" if len(titles) > 3 else ""
    what = (
        "lines above the names of the columns are"
        if len(titles) > 1
        else ("line above the names of the columns is")
    )
    return f"the {what} left out: {shown}{more}."


def _lines_above(lines: Sequence[str], separator: str) -> int:
    """How many lines stand above the names; 0 where the first line that is not empty is the names,
    or where it is not sure.
    """
    rows = _without_empty_ends([_fields(line, separator) for line in lines])
    given = [place for place, row in enumerate(rows) if any(row)]
    if len(given) <= _LEAST_ROWS:
        return 0
    width = Counter(len(rows[place]) for place in given[1:]).most_common(1)[0][0]
    for at, place in enumerate(given[:_MOST_LINES]):
        row = rows[place]
        if len(row) == width and _are_names(row):
            below = [len(rows[p]) == width for p in given[at + 1 :]]
            sure = len(below) >= _LEAST_ROWS and sum(below) >= _MOSTLY * len(below)
            return place if at and sure else 0
        if not row or not row[0] or 2 * sum(map(bool, row)) > width:
            return 0
    return 0


def _without_empty_ends(rows: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """The rows without the columns behind the last one that is ever filled, as spreadsheets write
    them.
    """
    filled = max((n for row in rows for n, field in enumerate(row, start=1) if field), default=0)
    return [row[:filled] for row in rows]


def _are_names(row: Sequence[str]) -> bool:
    return len(row) > 1 and all(row) and not any(map(_NUMBER.fullmatch, row))


def _fields(line: str, separator: str) -> list[str]:
    try:
        found = next(csv.reader([line.strip("\r\n")], delimiter=separator), [])
    except csv.Error:
        return []
    return [field.strip() for field in found]
