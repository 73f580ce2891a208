"""What parts the fields of a delimited file, and whether its first line holds names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from palate.errors import BadInput

SEPARATORS: Final = ("\t", ",", ";", "|", "::", "\x01", " ")
USUAL: Final = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".psv": "|"}
NAMES: Final = {"\t": "tab", " ": "blank", "\x01": "byte 1"}
_SAMPLE_BYTES: Final = 1 << 16
_SAMPLE_LINES: Final = 50
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_STATEMENTS = re.compile(
    rb"(?im)\A(?:\s|--[^\n]*$|#[^\n]*$|/\*.*?\*/;?|set [^\n]*;|use [^\n]*;|begin[^\n]*;"
    rb"|start transaction;|lock [^\n]*;|pragma [^\n]*;|drop [^\n]*;|select pg_[^\n]*;)*"
    rb"(?:insert\s+into\s|create\s+(?:table|database|schema)\s|copy\s+\S+\s*\([^\n]*from stdin)"
)
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?")
_DATA: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d\S*",
        r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        r"[\w.+-]+@[\w-]+(\.[\w-]+)+",
    )
)
"""What no column is called: a time of day, a UUID, an address of mail."""


@dataclass(frozen=True)
class Found:
    """A separator and how many of the sampled lines agree on it.

    Attributes:
        separator: One character, or "::".
        share: Share of the sampled lines with as many fields as the first, 0..1.
        fields: Fields of the first line.
    """

    separator: str
    share: float
    fields: int


def separator_of(data: bytes, where: str, suffix: str = "") -> str:
    r"""The separator that the first lines agree on.

    Args:
        data: UTF-8 text.
        where: Name of the file, for the message.
        suffix: Its ending; ".tsv" and ".csv" break ties.

    Raises:
        BadInput: No usual separator occurs in the first line.

    >>> separator_of(b"a;b\n1,5;2", "x")
    ';'
    """
    lines = _sample(data)
    found = [f for f in (_agreement(lines, s) for s in SEPARATORS) if f.fields > 1] if lines else []
    if not found:
        raise BadInput(
            "no separator in the first line, so it has one column",
            where=f"{where}, line 1",
            allowed="columns separated by comma, tab, semicolon, bar, `::` or blank",
            next_step='set separator = "..."',
        )
    usual = USUAL.get(suffix, "")
    # A blank is part of many names, so it is taken only where nothing else parts the line; a comma
    # of decimals or of one name parts it seldomer than what lies between the columns.
    return max(
        found, key=lambda f: (f.separator != " ", f.share, f.fields, f.separator == usual)
    ).separator


def refuse_statements(data: bytes, where: str) -> None:
    """Refuse statements of SQL, as dumps of databases hold them, in place of rows.

    Raises:
        BadInput: The text begins with such statements; how to get the rows is said.
    """
    if _STATEMENTS.search(data[:_SAMPLE_BYTES]):
        raise BadInput(
            "these are statements of SQL, the dump of a database, and no rows of a table",
            where=where,
            allowed="CSV, TSV, JSON lines, Parquet, or a dump whose name ends in .sql",
            next_step=(
                "give the file the ending .sql, and it is read as a dump; or load it into a"
                " database and write each table with its names: MySQL: mysql"
                " -B -e 'select * from TABLE' DATABASE > TABLE.tsv; PostgreSQL: \\copy TABLE to"
                " 'TABLE.csv' csv header; SQLite: sqlite3 -header -csv FILE 'select * from TABLE' >"
                " TABLE.csv"
            ),
        )


def spoken(separator: str) -> str:
    """A separator's name for people."""
    return NAMES.get(separator, f'"{separator}"')


def has_names(first: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Whether the first line holds the names of columns rather than data.

    It is taken for data only on evidence: an empty or repeated cell does not count, but numbers
    that no name looks like (decimals, or eight digits and more) in columns of numbers do, and so do
    times, UUIDs and addresses of mail in columns of such.

    >>> has_names(["196", "242", "3", "881250949"], [["186", "302", "3", "891717742"]])
    False
    >>> has_names(["user", "item"], [["1", "2"]])
    True
    """
    if rest and any(
        _all_are(pattern, i, [first, *rest]) for pattern in _DATA for i in range(len(first))
    ):
        return False
    numeric = [i for i, cell in enumerate(first) if _NUMBER.fullmatch(cell.strip())]
    if len(numeric) * 2 < len(first) or not rest:
        return True
    alike = [
        i
        for i in numeric
        if all(i < len(row) and _NUMBER.fullmatch(row[i].strip()) for row in rest)
    ]
    unlike_names = [i for i in alike if "." in first[i] or len(first[i].strip()) >= 8]
    return len(alike) < len(numeric) or not unlike_names


def _all_are(pattern: re.Pattern[str], column: int, rows: Sequence[Sequence[str]]) -> bool:
    return all(column < len(row) and pattern.fullmatch(row[column].strip()) for row in rows)


def _sample(data: bytes) -> list[str]:
    head = data[:_SAMPLE_BYTES].decode("utf-8", "ignore")
    # Whatever is quoted may hold separators and line ends of its own.
    lines = _QUOTED.sub("q", head).splitlines()
    whole = lines[:-1] if len(data) > _SAMPLE_BYTES and len(lines) > 1 else lines
    return [line for line in whole if line.strip()][:_SAMPLE_LINES]


def _agreement(lines: Sequence[str], separator: str) -> Found:
    counts = [line.count(separator) for line in lines]
    return Found(separator, sum(c == counts[0] for c in counts) / len(counts), counts[0] + 1)
