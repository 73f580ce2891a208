r"""Dumps of databases: INSERT statements and PostgreSQL's COPY -> tables.

Nothing is executed: names of columns, texts, numbers and NULL are read, and whatever else a dump
holds is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

from palate.data.readers.source import PACKED_SUFFIXES, Source, open_source
from palate.data.readers.text import as_utf8
from palate.data.table import Table, title_of
from palate.errors import BadInput, nearest

_NAME: Final = (
    r'(?:(?:[`"\[][^`"\]]+[`"\]]|[^\s`"\[\].(;]+)\.)?'
    r'(?:[`"\[](?P<quoted>[^`"\]]+)[`"\]]|(?P<plain>[^\s`"\[\].(;]+))'
)
_COLUMNS: Final = r"(?:\s*\((?P<columns>[^()]*)\))?"
_INSERT: Final = re.compile(
    rf"(?i)(?:insert(?:\s+ignore)?\s+into|replace\s+into)\s+{_NAME}{_COLUMNS}\s*values\s*"
)
_COPY: Final = re.compile(rf"(?i)copy\s+{_NAME}{_COLUMNS}\s+from\s+stdin[^;\n]*;\s*?\n")
_CREATE: Final = re.compile(rf"(?i)create\s+table\s+(?:if\s+not\s+exists\s+)?{_NAME}\s*\(")
_BEGINS: Final = re.compile(rf"(?im)^(?:insert[^\n]{{0,9}}\s+into|copy)\s+{_NAME}")
_BLANK: Final = re.compile(r"(?:\s+|--[^\n]*|#[^\n]*|/\*.*?\*/;?)*", re.DOTALL)
_STATEMENT: Final = re.compile(
    r"(?:[^;'\"`\-/]|'(?:[^'\\]|\\.|'')*'|\"[^\"]*\"|`[^`]*`|--[^\n]*|/\*.*?\*/|[-/'\"`])*;?",
    re.DOTALL,
)
_VALUE: Final = re.compile(
    r"\s*(?:(?:[NEne]|_[a-z0-9]+\s*)?'(?P<text>(?:[^'\\]|''|\\.)*)'|(?P<bare>[^\s,()']+))\s*(?P<end>[,)])",
    re.DOTALL,
)
_VALUE_PLAIN: Final = re.compile(
    r"\s*(?:[Nn]?'(?P<text>(?:[^']|'')*)'|(?P<bare>[^\s,()']+))\s*(?P<end>[,)])"
)
_COLUMN: Final = re.compile(r'\s*[`"\[]?([^\s`"\[\],]+)')
_NO_COLUMN: Final = re.compile(
    r"(?i)\s*(?:primary|unique|key|index|constraint|foreign|check|fulltext|spatial|exclude|like)\b"
)
_TEXTS: Final = re.compile(r"'(?:[^'\\]|''|\\.)*'", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "0": "", "b": "", "Z": "", "f": "", "v": ""}
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_MYSQL: Final = re.compile(
    r"(?im)^(?:--|/\*)[^\n]*(?:mysql|mariadb)|^\)\s*engine\s*="
    r"|^(?:insert|create|drop|lock|replace)[^\n`'\"(]*`"
)
_HEAD: Final = 1 << 16
_MANY: Final = 8


@dataclass
class _Rows:
    """The rows of one table: `columns` are its names, empty where nothing says them."""

    columns: list[str] = field(default_factory=list)
    rows: list[list[str | None]] = field(default_factory=list)


def named_table(path: Path) -> tuple[Path, str]:
    """The file and the table that a path such as `backup.sql#orders` names; no table where it names
    none, or there is a file of that name.

    >>> named_table(Path("no/backup.sql#orders"))[1]
    'orders'
    """
    file, sign, table = path.name.rpartition("#")
    is_dump = Path(_unpacked_name(file)).suffix.lower() == ".sql"
    if not sign or not is_dump or path.exists():
        return path, ""
    return path.with_name(file), table


def _unpacked_name(name: str) -> str:
    plain = Path(name)
    return plain.stem if plain.suffix.lower() in PACKED_SUFFIXES else name


def is_dump(source: Source) -> bool:
    """Whether a file ends in `.sql` and begins with statements."""
    if source.suffix() != ".sql":
        return False
    head = source.content()[:_HEAD].decode("utf-8", "replace")
    return any(pattern.search(head) for pattern in (_INSERT, _COPY, _CREATE))


def holds_tables(path: Path) -> bool:
    """Whether a file is a dump with rows of several tables, none of which the path names."""
    plain, table = named_table(path)
    if table or Path(_unpacked_name(plain.name)).suffix.lower() != ".sql" or not plain.is_file():
        return False
    text = _text(open_source(plain), "")[0]
    return len({_name(found) for found in _BEGINS.finditer(text)}) > 1


def read_tables(path: Path, encoding: str = "") -> dict[str, Table]:
    """The tables of a dump that have rows, each by its name.

    Args:
        path: The file.
        encoding: Its encoding; empty for finding out.

    Raises:
        BadInput: It holds no rows that can be read.

    Cost: some 5 MB a second, and memory some ten times the file.
    """
    source = open_source(path)
    text, notes = _text(source, encoding)
    found = {name: rows for name, rows in _parsed(text).items() if rows.rows}
    if not found:
        raise BadInput(
            "a dump of a database without rows that can be read",
            where=source.name,
            allowed="INSERT INTO ... VALUES ..., or PostgreSQL's COPY ... FROM stdin",
            next_step="dump the data as well (pg_dump without --schema-only, mysqldump without"
            " --no-data)",
        )
    digest = source.digest()
    said = f"the table {{}} of {title_of(source.name)} was read from the dump of a database."
    return {
        name: Table(
            f"{source.name}#{name}",
            _frame(rows, f"{source.name}#{name}"),
            digest,
            (*notes, f"{said.format(name)}"),
        )
        for name, rows in found.items()
    }


def read_dump(source: Source, encoding: str, table: str) -> Table:
    """One table of a dump.

    Args:
        source: The file.
        encoding: Its encoding; empty for finding out.
        table: Which; empty for the only one.

    Raises:
        BadInput: It has no such table, several and none is named, or none with rows.
    """
    tables = read_tables(source.path, encoding)
    names = sorted(tables)
    if not table and len(names) == 1:
        return tables[names[0]]
    if table in tables:
        return tables[table]
    listed = ", ".join(names[:_MANY]) + (", ..." if len(names) > _MANY else "")
    raise BadInput(
        f'the dump has no table "{table}"' if table else f"the dump holds {len(names)} tables",
        where=source.name,
        allowed=listed,
        next_step=(nearest(table, names) if table else "")
        or f"name the table behind the file: {source.path.name}#{names[0]}",
    )


def _text(source: Source, encoding: str) -> tuple[str, tuple[str, ...]]:
    text = as_utf8(source.content(), source.name, encoding)
    return text.data.decode().replace("\r\n", "\n"), text.notes


def _parsed(text: str) -> dict[str, _Rows]:
    """Every table of a dump, in order of appearance."""
    found: dict[str, _Rows] = {}
    value = _VALUE if _MYSQL.search(text[:_HEAD]) else _VALUE_PLAIN
    place = _end(_BLANK, text, 0)
    while place < len(text):
        insert, copy = _INSERT.match(text, place), _COPY.match(text, place)
        create = _CREATE.match(text, place)
        head = insert or copy or create
        if head is not None:
            table = found.setdefault(_name(head), _Rows())
            place = head.end()
        if insert is not None:
            first, columns = len(table.rows), _names(insert["columns"])
            place = _inserted(text, place, value, table)
            _align(table, first, columns)
        elif copy is not None:
            first = len(table.rows)
            place = _copied(text, place, table)
            _align(table, first, _names(copy["columns"]))
        elif create is not None:
            end = _end(_STATEMENT, text, place)
            table.columns = table.columns or list(_created(text[place:end]))
            place = end
        else:
            place = max(_end(_STATEMENT, text, place), place + 1)
        place = _end(_BLANK, text, place)
    return found


def _name(found: re.Match[str]) -> str:
    return str(found["quoted"] or found["plain"])


def _align(table: _Rows, first: int, columns: list[str]) -> None:
    """Put the rows from `first` on, which have these columns, under those of the table."""
    if not columns or columns == table.columns:
        return
    if not first:
        table.columns = columns
        return
    table.columns += [name for name in columns if name not in table.columns]
    for place in range(first, len(table.rows)):
        given = dict(zip(columns, table.rows[place], strict=False))
        table.rows[place] = [given.get(name) for name in table.columns]


def _end(pattern: re.Pattern[str], text: str, place: int) -> int:
    found = pattern.match(text, place)
    return place if found is None else found.end()


def _names(listed: str | None) -> list[str]:
    return [name.strip().strip('`"[]') for name in (listed or "").split(",") if name.strip()]


def _created(body: str) -> Iterator[str]:
    """The names of the columns between the brackets of CREATE TABLE, one a line or not."""
    depth, start, body = 0, 0, _TEXTS.sub("''", body)
    for place, mark in enumerate(body):
        if mark == "(":
            depth += 1
        elif mark == ")" and depth:
            depth -= 1
        elif (mark == "," and not depth) or mark == ")":
            part = body[start:place]
            found = _COLUMN.match(part)
            if found and not _NO_COLUMN.match(part):
                yield found[1]
            start = place + 1
            if mark == ")":
                return


def _inserted(text: str, place: int, value: re.Pattern[str], table: _Rows) -> int:
    """Read `(1, 'a'), (2, NULL);` from a place on; where it ends. A row that holds anything but
    texts, numbers and words, such as a call of a function, ends the reading of the statement.
    """
    while text[place : place + 1] == "(":
        row: list[str | None] = []
        place += 1
        while True:
            found = value.match(text, place)
            if found is None:
                return _end(_STATEMENT, text, place)
            row.append(_value(found, mysql=value is _VALUE))
            place = found.end()
            if found["end"] == ")":
                break
        table.rows.append(row)
        place = _end(_COMMA, text, place)
    return _end(_STATEMENT, text, place)


_COMMA: Final = re.compile(r"\s*,?\s*")


def _value(found: re.Match[str], *, mysql: bool) -> str | None:
    text = found["text"]
    if text is None:
        bare = found["bare"]
        return None if bare.lower() in ("null", "default") else str(bare)
    if mysql and "\\" in text:
        text = _ESCAPED.sub(lambda mark: _ESCAPES.get(mark[1], mark[1]), text)
    return text.replace("''", "'")


def _copied(text: str, place: int, table: _Rows) -> int:
    r"""Read lines of COPY until `\.`; where they end."""
    end = text.find("\n\\.", place - 1)
    end = len(text) if end < 0 else end
    for line in text[place:end].split("\n") if end > place else ():
        table.rows.append([_copied_value(cell) for cell in line.split("\t")])
    after = text.find("\n", end + 1)
    return len(text) if after < 0 else after + 1


def _copied_value(cell: str) -> str | None:
    if "\\" not in cell:
        return cell
    if cell == "\\N":
        return None
    return _ESCAPED.sub(lambda mark: _ESCAPES.get(mark[1], mark[1]), cell)


def _frame(table: _Rows, where: str) -> pl.DataFrame:
    """The rows as texts; empty ones are null, as in every file of text."""
    width = len(table.columns) or len(table.rows[0])
    names = table.columns or [f"column_{n + 1}" for n in range(width)]
    for number, row in enumerate(table.rows, start=1):
        if len(row) > width:
            raise BadInput(
                f"{len(row)} values, and the table has {width} columns",
                where=f"{where}, row {number}",
                next_step="dump the table again, with the names of its columns",
            )
        row.extend([None] * (width - len(row)))  # columns that were added later
    columns = zip(*table.rows, strict=True)
    return pl.DataFrame(
        [
            pl.Series(name, [value or None for value in values], dtype=pl.String)
            for name, values in zip(names, columns, strict=True)
        ]
    )
