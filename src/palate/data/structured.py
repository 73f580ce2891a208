"""Fields of a catalogue as they are meant: lists, specifications and amounts that are written as
text.
"""

from __future__ import annotations

import ast
import csv
import json
import re
from typing import Any, Final

import polars as pl

from palate.data.amounts import amounts
from palate.data.column_values import looks_like_time
from palate.data.labels import split_labels
from palate.data.times import as_times
from palate.data.typed import one_number
from palate.errors import BadInput

_MOST: Final = 0.95
_SAMPLE: Final = 2000
_USUAL_DATE: Final = r"^\d{4}-\d{2}-\d{2}"
_OF_NUMPY: Final = re.compile(
    r"^\[\s*(?:'[^']*'|\"[^\"]*\"|[\d.+-]+)(?:\s+(?:'[^']*'|\"[^\"]*\"|[\d.+-]+))+\s*\]$"
)


def understood(fields: pl.DataFrame, where: str) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The frame with fields such as "Comedy|Drama", '["a", "b"]' and '{"size": "L"}' as lists,
    "$1,299.00" as numbers and "31.12.2024" as dates, and a sentence for each.

    Args:
        fields: [n_items], typed.
        where: The table's name, for the sentences.
    """
    new: dict[str, pl.Series] = {}
    said: list[str] = []
    for column in fields.get_columns():
        if column.dtype == pl.Struct:
            new[column.name] = _labels([_of_object(v) for v in column.to_list()], column.name)
            said.append(f'"{column.name}" of {where} was read as a list of specifications.')
        if column.dtype != pl.String:
            continue
        money, dates = amounts(column), _dates(column)
        if dates is not None:
            new[column.name] = dates
            said.append(f'"{column.name}" of {where} was read as dates.')
        elif money is not None:
            lost = money.null_count() - column.null_count()
            but = f"; {lost:,} values that are none were left empty" if lost else ""
            new[column.name] = money.alias(column.name)
            said.append(f'"{column.name}" of {where} was read as amounts{but}.')
        elif written := _written(column):
            new[column.name] = _labels([_parsed(v) for v in column.to_list()], column.name)
            said.append(f'"{column.name}" of {where} was read as {written}.')
    split, notes = split_labels(fields.with_columns(**new), where)
    return split, (*said, *notes)


def _dates(column: pl.Series) -> pl.Series | None:
    """Datetime [n_items] of texts that are dates in another way than the usual one, such as
    "31.12.2024"; None for other texts, and for days and months that may be exchanged.
    """
    given = column.drop_nulls().head(_SAMPLE)
    if not len(given) or given.str.contains(_USUAL_DATE).all() or not looks_like_time(given):
        return None
    try:
        seconds = as_times(column, column.name).values
    except BadInput:
        return None
    return (seconds * 1000).cast(pl.Datetime("ms")).alias(column.name)


def _written(column: pl.Series) -> str:
    """Which JSON (or Python) a column of text holds; empty for none."""
    given = column.drop_nulls().str.strip_chars()
    given = given.filter(given != "").head(_SAMPLE)
    if not len(given):
        return ""
    for pattern, words in (
        (r"(?s)^\[.*\]$", "lists"),
        (r"(?s)^\{.*:.*\}$", "lists of specifications"),
        (r"(?s)^\{[^:]*\}$", "lists"),
    ):
        looks = given.str.contains(pattern)
        if one_number(looks.mean()) < _MOST:
            continue
        read = [_parsed(v) for v in given.to_list()]
        if sum(v is not None for v in read) >= _MOST * len(read):
            return words
    return ""


def _parsed(text: str | None) -> list[str] | None:
    if text is None or not text.strip():
        return None
    written = text.strip()
    value: Any = None
    try:
        value = json.loads(written)
    except (ValueError, RecursionError):
        try:
            value = ast.literal_eval(_with_commas(written))
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return _of_postgres(written)
    if isinstance(value, dict):
        return _of_object(value)
    if isinstance(value, (set, frozenset)):
        value = sorted(value, key=str)
    if not isinstance(value, (list, tuple)):
        return None
    return [label for v in value if (label := _label(v))]


def _with_commas(text: str) -> str:
    """A list as numpy writes it, `['a' 'b']` or `[1 2]`, with the commas of Python; Python itself
    would glue texts without commas together.
    """
    if "," in text or not text.startswith("["):
        return text
    return re.sub(r"(?<=['\"\w])\s+(?=['\"\d-])", ", ", text) if _OF_NUMPY.match(text) else text


def _of_postgres(text: str) -> list[str] | None:
    """The labels of `{a,"b c"}`, as PostgreSQL writes arrays."""
    if not (text.startswith("{") and text.endswith("}")) or ":" in text:
        return None
    cells = next(csv.reader([text[1:-1]], escapechar="\\"), [])
    return [cell.strip() for cell in cells if cell.strip() not in ("", "NULL")]


def _of_object(value: Any) -> list[str] | None:
    """`name: value` for everything in an object, objects in it too."""
    if not isinstance(value, dict):
        return None
    found: list[str] = []
    for key, inner in value.items():
        name = str(key).strip().rstrip(":")
        for one in inner if isinstance(inner, (list, tuple)) else [inner]:
            if isinstance(one, dict):
                found += [f"{name} {label}" for label in _of_object(one) or []]
            elif text := _label(one):
                found.append(f"{name}: {text}")
    return found


def _label(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        # of a list of objects such as {"id": 28, "name": "Action"}
        value = value.get("name", value.get("label", json.dumps(value, default=str)))
    return str(value).strip()


def _labels(rows: list[list[str] | None], name: str) -> pl.Series:
    return pl.Series(name, rows, dtype=pl.List(pl.String))
