"""What kind of thing a field holds, guessed from its type and its values."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

import polars as pl

from palate.encode.content import is_prose
from palate.tables.catalogue import as_text

Kind: TypeAlias = Literal["number", "category", "labels", "date", "text"]
"""number: a quantity; category: one of some values; labels: several of them; date: a day or a
moment; text: prose."""

_SAMPLE = 2000
_DATE = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
)


def kind_of(column: pl.Series) -> Kind | None:
    """The kind of a field; None for what holds nothing to learn from: identifiers, addresses,
    vectors, nothing at all.

    >>> kind_of(pl.Series([3.5, 1.0, None])), kind_of(pl.Series([["a"], ["a", "b"]]))
    ('number', 'labels')
    >>> kind_of(pl.Series(["2020-01-31"])), kind_of(pl.Series(["red", "red", "blue", "red"]))
    ('date', 'category')
    """
    known = column.drop_nulls()
    if known.is_empty():
        return None
    if column.name.lower() == "id" or column.name.lower().endswith(("_id", "_ids")):
        return _kind_of_reference(known)
    return (
        _kind_of_text(as_text(known).drop_nulls())
        if column.dtype == pl.String
        else _kind_of_type(known)
    )


def _kind_of_type(known: pl.Series) -> Kind | None:
    dtype = known.dtype
    if dtype.is_numeric() or dtype == pl.Boolean:
        return None if _is_identifier(known) else "number"
    if dtype in (pl.Date, pl.Datetime):
        return "date"
    if isinstance(dtype, (pl.List, pl.Array)):
        return "labels" if dtype.inner in (pl.String, pl.Categorical, pl.Enum) else None
    return "category" if dtype in (pl.Categorical, pl.Enum) else None


def _kind_of_text(known: pl.Series) -> Kind | None:
    values = known.head(_SAMPLE).to_list()
    if not values:
        return None
    n = len(values)
    if sum(1 for v in values if _DATE.fullmatch(v)) >= 0.9 * n:
        return "date"
    if known.head(_SAMPLE).cast(pl.Float64, strict=False).null_count() <= 0.05 * n:
        return (
            None if _is_identifier(known.cast(pl.Float64, strict=False).drop_nulls()) else "number"
        )
    if not is_prose(known):
        return None
    if separator_of(known):
        return "labels"
    words = sorted(len(v.split()) for v in values)[n // 2]
    return "category" if known.n_unique() <= 0.5 * len(known) and words <= 6 else "text"


def separator_of(known: pl.Series) -> str:
    """What parts several labels in one text: "|", ";" or ","; empty if these are no lists of
    labels.

    >>> separator_of(pl.Series(["Action|Drama", "Drama", "Action|Comedy|Drama"]))
    '|'
    """
    values = known.drop_nulls().head(_SAMPLE).to_list()
    for separator in ("|", ";", ","):
        parts = [p.strip() for v in values for p in v.split(separator)]
        listed = sum(1 for v in values if separator in v) >= 0.3 * len(values)
        short = sum(1 for p in parts if len(p.split()) <= 3) >= 0.9 * len(parts)
        # Labels return; the clauses of a sentence do not.
        if values and listed and short and len(set(parts)) <= max(0.5 * len(parts), 4):
            return separator
    return ""


def _kind_of_reference(known: pl.Series) -> Kind | None:
    if isinstance(known.dtype, (pl.List, pl.Array)):
        return "labels"
    return "category" if known.n_unique() <= 0.5 * len(known) else None


def _is_identifier(known: pl.Series) -> bool:
    if known.dtype == pl.Boolean or len(known) <= 50 or known.n_unique() < 0.95 * len(known):
        return False
    return known.dtype.is_integer() or bool((known.cast(pl.Float64) % 1 == 0).all())
