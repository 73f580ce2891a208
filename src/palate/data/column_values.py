"""What the values of a column say of its meaning, where its name says nothing."""

from __future__ import annotations

from typing import Final

import polars as pl

from palate.data.amounts import read_values
from palate.data.table import Table
from palate.data.times import EPOCH_FROM, as_times
from palate.data.typed import in_plain_digits, one_number, typed_column
from palate.data.units_of_time import written_together
from palate.errors import BadInput
from palate.tables.columns import TIME, VALUE

SAMPLE: Final = 100_000
"""How many of the first rows tell what a column means."""

_LOOK: Final = 1000
_DATES: Final = 200
_FEW: Final = 0.2
_MAX_EPOCH: Final = 10**19
_MOST_STARS: Final = 11
_LEAST_STARS: Final = 5
_MOST_ACTIONS: Final = 100


def sample(table: Table, column: str) -> pl.Series:
    """The values of a column's first rows, as numbers where they are texts of numbers."""
    head = table.first[column].head(SAMPLE).drop_nulls()
    return typed_column(head) if head.dtype == pl.String else head


def may_be(role: str, column: pl.Series) -> bool:
    """Whether most values of a column can be read as ratings (role VALUE) or times (role TIME); of
    other roles nothing is required.
    """
    head = column.head(_LOOK).drop_nulls()
    if role not in (VALUE, TIME) or not len(head) or head.dtype.is_nested():
        return role not in (VALUE, TIME)
    if role == VALUE:
        return read_values(head).null_count() <= _FEW * len(head)
    try:
        return as_times(head, column.name).values.null_count() <= _FEW * len(head)
    except BadInput:  # days and months that may be exchanged are dates all the same
        return head.dtype == pl.String


def looks_like_time(values: pl.Series) -> bool:
    """Whether values can be times: dates, or whole numbers as large that lie close together."""
    if values.dtype in (pl.Date, pl.Datetime):
        return True
    if values.dtype == pl.String:
        iso = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}|$)"
        return len(values) > 0 and bool(values.str.contains(iso).all() or _are_dates(values))
    if not values.dtype.is_integer() or not len(values):
        return False
    # Ids can be as large; times differ from them by lying close together.
    low, high = one_number(values.min()), one_number(values.max())
    if written_together(values) is not None:
        return True
    return low >= EPOCH_FROM * 3 and high < _MAX_EPOCH and high < low * 8


def _are_dates(texts: pl.Series) -> bool:
    """Whether the first texts are dates in a usual way of writing, and no plain numbers."""
    head = in_plain_digits(texts.head(_DATES))
    if not head.str.contains(r"^\D{0,24}\d{1,4}\D.*\d").all():
        return False
    if read_values(head).null_count() < len(head):
        return False
    try:
        return as_times(head, texts.name).values.null_count() == 0
    except BadInput:  # days and months that may be exchanged are dates all the same
        return True


def looks_like_rating(values: pl.Series) -> bool:
    """Whether values can be ratings: few different numbers between 0 and 10, the highest 5 at
    least; smaller scales are those of quantities and counters as well.
    """
    if not values.dtype.is_numeric() or not len(values) or values.n_unique() > _MOST_STARS:
        return False
    low, high = one_number(values.min()), one_number(values.max())
    return 0 <= low < high <= 10 and high >= _LEAST_STARS


def looks_like_id(values: pl.Series) -> bool:
    """Whether values can be ids: words without blanks, or whole numbers."""
    if values.dtype == pl.String:
        return values.n_unique() > 1 and not values.str.contains(r"\s").any()
    return values.dtype.is_integer() and values.n_unique() > 1


def looks_like_action(values: pl.Series) -> bool:
    """Whether values can be kinds of events: few different ones."""
    plain = values.dtype.is_integer() or values.dtype in (pl.String, pl.Categorical, pl.Enum)
    return plain and 0 < values.n_unique() <= _MOST_ACTIONS


def looks_like_request(values: pl.Series) -> bool:
    """Whether values can be ids of requests."""
    return values.dtype.is_integer() or values.dtype == pl.String


def is_number(values: pl.Series) -> bool:
    """Whether values are numbers."""
    return values.dtype.is_numeric()


def counts_from_one(values: pl.Series) -> bool:
    """Whether values are whole numbers from 1 on."""
    return values.dtype.is_integer() and len(values) > 0 and one_number(values.min()) == 1
