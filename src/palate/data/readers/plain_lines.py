"""JSON lines that hold plain values alone, read by polars in one pass."""

from __future__ import annotations

import io

import polars as pl

from palate.data.readers.options import MAX_COLUMNS

_PLAIN = (pl.Int64, pl.Float64, pl.Boolean, pl.String)


def plain_lines(data: bytes) -> pl.DataFrame | None:
    r"""The rows of JSON lines, each an object of numbers, texts and truth values; None for anything
    else, and for what is not read at a glance as the whole reading would: blank lines, a key that
    comes twice, half a character, a column that is always null.

    Args:
        data: UTF-8 text.

    >>> plain_lines(b'{"a": 1}\n{"a": 2, "b": "x"}\n').rows()
    [(1, None), (2, 'x')]
    >>> plain_lines(b'{"a": {"b": 1}}\n') is None
    True
    """
    if data[:1] != b"{" or b"\\ud" in data or b"\\uD" in data:
        return None
    try:
        frame = pl.read_ndjson(io.BytesIO(data), infer_schema_length=None)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return None
    if frame.height != data.rstrip(b"\r\n").count(b"\n") + 1:
        return None
    if (
        frame.width > MAX_COLUMNS
        or any(dtype not in _PLAIN for dtype in frame.dtypes)
        or not all(map(_is_plain, frame.columns))
    ):
        return None
    if not all(_once(data, column) for column in frame.get_columns()):
        return None
    names = sorted(frame.columns, key=lambda name: data.find(f'"{name}":'.encode()))
    return frame.select(names)


def _is_plain(name: str) -> bool:
    """Whether a key is written in a file as it is."""
    return name.isascii() and name.isprintable() and '"' not in name and "\\" not in name


def _once(data: bytes, column: pl.Series) -> bool:
    """Whether a key occurs as often as the column has values, nulls that are written included, and
    texts are texts in the file, too.
    """
    key, present = f'"{column.name}"'.encode(), len(column) - column.null_count()
    if _count(data, key, b"") - _count(data, key, b"null") != present:
        return False
    return column.dtype != pl.String or _count(data, key, b'"') == present


def _count(data: bytes, key: bytes, value: bytes) -> int:
    return data.count(key + b":" + value) + (data.count(key + b": " + value) if value else 0)
