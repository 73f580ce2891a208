"""A list of Python values of any kind -> one column of one type."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import polars as pl

from palate.data.table import shorten, title_of

_INT64 = range(-(2**63), 2**63)


def column_of(values: Sequence[Any], name: str, where: str) -> tuple[pl.Series, list[str]]:
    """A column that holds the values without loss, and what had to be said about it.

    Numbers and texts in one column become text; objects become their JSON.

    Args:
        values: [n_rows], None where there is none.
        name: Name of the column.
        where: Name of the source, for the sentences.

    >>> column_of([1, None, 2.5], "price", "x")[0].to_list()
    [1.0, None, 2.5]
    >>> column_of([["a"], [], None], "tags", "x")[0].to_list()
    [['a'], [], None]
    """
    kinds = {type(v) for v in values if v is not None}
    if not kinds:
        return pl.Series(name, values, dtype=pl.Null), []
    simple = _simple_type(kinds, values)
    if simple is not None:
        return pl.Series(name, values, dtype=simple, strict=False), []
    if kinds == {list} and not any(isinstance(x, (list, dict)) for v in values if v for x in v):
        return _lists(values, name), []
    said = f'"{shorten(name)}" of {title_of(where)} holds {_spoken(kinds)} and was read as text.'
    return pl.Series(name, [_text(v) for v in values], dtype=pl.String), [said]


def _simple_type(kinds: set[type], values: Sequence[Any]) -> type[pl.DataType] | None:
    if kinds == {str}:
        return pl.String
    if kinds == {bool}:
        return pl.Boolean
    if kinds == {int}:
        return pl.Int64 if all(v is None or v in _INT64 for v in values) else None
    return pl.Float64 if kinds <= {int, float} else None


def _lists(values: Sequence[Any], name: str) -> pl.Series:
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
