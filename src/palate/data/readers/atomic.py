"""RecBole's atomic files (`.inter`, `.item`, `.user`): tab-separated, each column named
`name:type`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Final

import polars as pl

from palate.data.readers.delimited import read_delimited
from palate.data.readers.options import TextOptions
from palate.data.readers.source import Source
from palate.data.table import Table, refuse_same_names, shorten, title_of
from palate.errors import BadInput, nearest

SUFFIXES: Final = (".inter", ".item", ".user", ".kg", ".link", ".net")
TYPES: Final = ("token", "token_seq", "float", "float_seq")
_PROSE = re.compile(
    r"title|name|review|text|descri|summary|abstract|overview|plot|body|comment|feature",
    re.IGNORECASE,
)
_FEW_WORDS: Final = 0.2


def read_atomic(source: Source, options: TextOptions) -> Table:
    """Read an atomic file.

    `token` is text, `float` a number, `float_seq` a list of numbers. `token_seq` serves two
    purposes: labels that come again and again become a list of labels, words of a title or a review
        become text; which, is said.

    Args:
        source: The file.
        options: Encoding and separator, where they are unusual.

    Raises:
        BadInput: Everything that `read_delimited` refuses, and a column without a type or of an
            unknown one.
    """
    read_options = replace(options, separator=options.separator or "\t", columns=(), needed=None)
    table = read_delimited(source, read_options)
    names, types = _header(table)
    columns: list[pl.Series] = []
    notes: list[str] = []
    for name, kind, raw in zip(names, types, table.frame.get_columns(), strict=True):
        column = _sequence(raw, name, kind, notes, table.name) if kind.endswith("_seq") else raw
        columns.append(column.alias(name))
    kept = [n for n in table.notes if "between the fields" not in n]
    made = Table(table.name, pl.DataFrame(columns), "", (*kept, *notes), table.first_line)
    return replace(made, findings=table.findings)


def beside(path: Path) -> dict[str, Path]:
    """The atomic files of one data set: ending (without dot) -> path, those that exist.

    Args:
        path: Any of them.
    """
    found = {s[1:]: path.with_suffix(s) for s in (".inter", ".item", ".user")}
    return {kind: p for kind, p in found.items() if p.is_file()}


def _header(table: Table) -> tuple[list[str], list[str]]:
    names, types = [], []
    for place, cell in enumerate(table.frame.columns, start=1):
        name, colon, kind = cell.rpartition(":")
        if not colon or kind not in TYPES or not name:
            what = f'type "{shorten(kind)}"' if colon else "no type"
            raise BadInput(
                f'column {place} is called "{shorten(cell)}": {what}',
                where=f"{table.name}, line 1",
                allowed=f"name:type with one of the types {', '.join(TYPES)}",
                next_step=nearest(kind, TYPES) or f'write "{shorten(name or cell, 30)}:token"',
            )
        names.append(name)
        types.append(kind)
    refuse_same_names(names, f"{table.name}, line 1")
    return names, types


def _sequence(raw: pl.Series, name: str, kind: str, notes: list[str], where: str) -> pl.Series:
    parts = raw.str.strip_chars().str.split(" ").list.eval(pl.element().filter(pl.element() != ""))
    if kind == "float_seq":
        numbers = parts.list.eval(pl.element().cast(pl.Float64, strict=False))
        broken = (numbers.list.eval(pl.element().is_null()).list.any().fill_null(False)).arg_true()
        if len(broken):
            row = int(broken[0])
            raise BadInput(
                f'"{shorten(raw[row])}" is not a list of numbers',
                where=f"{where}, row {row + 1}, column {name}",
                next_step="mend the value, or make the column token_seq",
            )
        return numbers
    words = parts.explode().drop_nulls()
    if _PROSE.search(name) or words.n_unique() > _FEW_WORDS * len(words):
        return raw
    notes.append(
        f'"{name}" of {title_of(where)} is read as a list of labels ({words.n_unique()} different'
        " ones)."
    )
    return parts
