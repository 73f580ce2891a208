"""A list of Python values of any kind -> one column of one type."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import PurePath
from typing import Any
from uuid import UUID

import polars as pl

from palate.data.table import shorten, title_of
from palate.tables.id_spelling import EXACT

_UUID_BYTES = 16
_INT64 = range(-(2**63), 2**63)
_MADE_OF: tuple[tuple[tuple[type, ...], Callable[[Any], Any]], ...] = (
    ((UUID, PurePath, str), str),
    ((bytearray, memoryview), bytes),
    ((int,), int),
    ((float, Fraction), float),
)


def column_of(values: Sequence[Any], name: str, where: str) -> tuple[pl.Series, list[str]]:
    """A column that holds the values without loss, and what had to be said about it.

    Numbers and texts in one column become text; ids (UUID), decimals and paths become the text that
    writes them, bytes become text where they are UTF-8, objects become their JSON.

    Args:
        values: [n_rows], None where there is none.
        name: Name of the column.
        where: Name of the source, for the sentences.

    >>> column_of([1, None, 2.5], "price", "x")[0].to_list()
    [1.0, None, 2.5]
    >>> column_of([["a"], [], None], "tags", "x")[0].to_list()
    [['a'], [], None]
    >>> column_of([UUID(int=7), None], "id", "x")[0].to_list()
    ['00000000-0000-0000-0000-000000000007', None]
    """
    values = [scalar(v) for v in values]
    kinds = {type(v) for v in values if v is not None}
    if not kinds:
        return pl.Series(name, values, dtype=pl.Null), []
    simple = _simple_type(kinds, values)
    if simple is not None:
        return pl.Series(name, values, dtype=simple, strict=False), []
    if kinds == {bytes}:
        notes: list[str] = []
        return text_or_bytes(pl.Series(name, values, dtype=pl.Binary), where, notes), notes
    if kinds == {list} and not any(isinstance(x, (list, dict)) for v in values if v for x in v):
        return _lists(values, name), []
    said = f'"{shorten(name)}" of {title_of(where)} holds {_spoken(kinds)} and was read as text.'
    return pl.Series(name, [_text(v) for v in values], dtype=pl.String), [said]


def scalar(value: Any) -> Any:
    """A value of Python as one that a column holds: the text of what has one, the plain number or
    text of its relatives; anything else as it is.
    """
    if value is None or type(value) in (str, int, float, bool, list, dict):
        return value
    if isinstance(value, Enum):
        return scalar(value.value)
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else None
    made = next((to for kinds, to in _MADE_OF if isinstance(value, kinds)), None)
    return value if made is None else made(value)


def decimals(column: pl.Series) -> pl.Series:
    """A column of decimals as Float64; as text where a float would not hold all their digits, since
    ids and times need them.
    """
    scale = column.dtype.scale if isinstance(column.dtype, pl.Decimal) else 0
    largest = column.abs().max()
    fits = largest is None or int(Decimal(str(largest)).scaleb(scale)) < EXACT
    return column.cast(pl.Float64 if fits else pl.String)


def text_or_bytes(column: pl.Series, where: str, notes: list[str]) -> pl.Series:
    """A binary column as text: UUIDs where all are 16 bytes and not all UTF-8; the bytes themselves
    where they are mostly no UTF-8.

    Args:
        column: Binary [n_rows].
        where: Name of the source.
        notes: What was done is added here.
    """
    text = pl.Series(column.name, [_utf8(v) for v in column], dtype=pl.String)
    lost = text.null_count() - column.null_count()
    if lost and bool((column.bin.size() == _UUID_BYTES).all()):
        notes.append(
            f'"{column.name}" of {title_of(where)} holds UUIDs, which were written as text.'
        )
        uuids = [None if v is None else str(UUID(bytes=v)) for v in column]
        return pl.Series(column.name, uuids, dtype=pl.String)
    if 2 * lost > len(column) - column.null_count():
        notes.append(
            f'"{column.name}" of {title_of(where)} is binary and no text; its bytes were kept.'
        )
        return column
    notes.append(
        f'"{column.name}" of {title_of(where)} is binary and was read as UTF-8; {lost:,} values are'
        " not."
    )
    return text


def _utf8(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


def _simple_type(kinds: set[type], values: Sequence[Any]) -> type[pl.DataType] | None:
    if kinds == {str}:
        return pl.String
    if kinds == {bool}:
        return pl.Boolean
    if kinds == {int}:
        return pl.Int64 if all(v is None or v in _INT64 for v in values) else None
    return pl.Float64 if kinds <= {int, float} else None


def _lists(values: Sequence[Any], name: str) -> pl.Series:
    values = [None if v is None else [scalar(x) for x in v] for v in values]
    inner = {type(x) for v in values if v for x in v if x is not None}
    if inner and inner <= {int, float}:
        return pl.Series(name, values, dtype=pl.List(pl.Float64), strict=False)
    return pl.Series(
        name,
        [None if v is None else [_text(x) for x in v] for v in values],
        dtype=pl.List(pl.String),
    )


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def _spoken(kinds: set[type]) -> str:
    words = {
        int: "whole numbers",
        float: "numbers",
        str: "texts",
        bool: "true or false",
        dict: "objects",
        list: "lists",
    }
    return " and ".join(sorted(words.get(k, f"values of type {k.__name__}") for k in kinds))
