"""What databases write in place of nothing, and of line ends and tabs inside of texts."""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from palate.data.table import Table, shorten

NULLS: Final = ("\\N", "NULL")
"""How PostgreSQL and MySQL write that there is no value."""

_ESCAPED: Final = r"""(?s)^(?:[^\\]|\\[ntrbZ0N'"\\])*$"""
_TELLING: Final = r"(?s)^(?:[^\\]|\\\\)*\\[nt]"
_PATH: Final = r"\b[A-Za-z]:\\|^\s*[\[{]"
_MEANT: Final = (("\\n", "\n"), ("\\t", "\t"), ("\\r", "\r"), ("\\'", "'"), ('\\"', '"'))
_KEPT: Final = "\x1a"
_PAIR: Final = re.compile(rb"\\(.)", re.DOTALL)
_WRITTEN: Final = {b'"': b'""', b"\n": b"\n"}


def with_doubled_quotes(data: bytes) -> bytes:
    r"""A text whose quoted fields write a quote and a line end with a backslash, as MySQL does, in
    the usual way; the text itself where none is written so.

    >>> with_doubled_quotes(rb'"a \"b\" c",1')
    b'"a ""b"" c",1'
    """
    if b'\\"' not in data:
        return data
    return _PAIR.sub(lambda found: _WRITTEN.get(found.group(1), found.group()), data)


def as_meant(table: Table, data: bytes) -> Table:
    r"""The table with `\N` and `NULL` as empty fields, and `\n`, `\t` and `\\` as what they stand
    for where every backslash of a column is the start of such a pair; both is said.

    Columns of paths, lists and objects keep their backslashes.

    Args:
        table: Fields as text.
        data: The file's bytes, to see whether there is anything to do.
    """
    notes: list[str] = []
    frame = table.frame
    for word in NULLS:
        if word.startswith("\\") and b"\\" not in data:
            continue
        count = sum(int((column == word).sum()) for column in frame.get_columns())
        if count:
            frame = frame.with_columns(pl.when(pl.all() != word).then(pl.all()).name.keep())
            notes.append(f"{count:,} fields of {table.title} say {word}, and are empty.")
    if b"\\" in data:
        for name in frame.columns:
            if _is_escaped(frame[name]):
                frame = frame.with_columns(_unescaped(frame[name]))
                notes.append(
                    f'In "{shorten(name)}" of {table.title} \\n, \\t and \\\\ are line ends, tabs'
                    " and backslashes."
                )
    return table.replaced(frame, notes) if notes else table


def _is_escaped(column: pl.Series) -> bool:
    texts = column.filter(column.str.contains("\\", literal=True).fill_null(False))
    if not len(texts) or texts.str.contains(_PATH).any():
        return False
    return bool(texts.str.contains(_ESCAPED).all() and texts.str.contains(_TELLING).any())


def _unescaped(column: pl.Series) -> pl.Series:
    column = column.str.replace_all("\\\\", _KEPT, literal=True)
    for written, meant in _MEANT:
        column = column.str.replace_all(written, meant, literal=True)
    return column.str.replace_all(_KEPT, "\\", literal=True)
