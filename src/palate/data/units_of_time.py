"""Which unit numbers of time are in: one for the column, one for each row, or days of a
spreadsheet.
"""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from palate.data.typed import one_number

UNITS: Final = (
    (10**17, 10**9, "nanoseconds"),
    (10**14, 10**6, "microseconds"),
    (10**11, 10**3, "milliseconds"),
)
"""The median from which a column is in the unit, how many are a second, the unit."""

_LEAST: Final = 100_000_000
_MOST: Final = 4_102_444_800
_DECADE: Final = 315_576_000
_DAY_ZERO: Final = 25_569
_DAYS: Final = (30_000, 60_000)
"""1982 to 2064; 20,000 is a day of 2024 for tools that count from 1970."""

_DAY_WORDS: Final = (
    *("date", "day", "fecha", "jour", "dato", "tarih", "dzień", "dia", "giorno"),
    *("дата", "день"),
)
_DAY_ENDS: Final = ("datum", "日期", "日付", "购买日", "購入日", "날짜", "일자")


def unit_of(values: pl.Series) -> tuple[int, str]:
    """How many are a second, and the unit's name, by the median of Int64 [n_rows]."""
    median = one_number(values.abs().median())
    return next(((f, unit) for least, f, unit in UNITS if median >= least), (1, "seconds"))


def factors(values: pl.Series, usual: int) -> tuple[pl.Series, str]:
    """Int64 [n_rows], how many of its unit are a second for each row, and what to say where they
    differ.

    Rows are in another unit than the usual one where they would lie far beyond its times and in the
    other unit close to them; a placeholder, which is one value, is not.

    Args:
        values: Int64 [n_rows].
        usual: The factor of the column.
    """
    every = pl.Series([usual], dtype=pl.Int64).new_from_index(0, len(values))
    usual_rows = values.is_between(_LEAST * usual, _MOST * usual)
    usual_times = values.filter(usual_rows) // usual
    if usual_rows.all() or not len(usual_times):
        return every, ""
    low, high = one_number(usual_times.min()) - _DECADE, one_number(usual_times.max()) + _DECADE
    said: list[str] = []
    for factor, unit in ((1, "seconds"), *((f, unit) for _, f, unit in UNITS)):
        rows = values.is_between(_LEAST * factor, _MOST * factor).fill_null(False)
        times = values.filter(rows) // factor
        if factor == usual or times.n_unique() < 2 or not times.is_between(low, high).all():
            continue
        every = every.set(rows, factor)
        said.append(f", of which {int(rows.sum()):,} are written in {unit}")
    return every, "".join(said)


_GLANCE: Final = 1000
_WRITTEN: Final = (
    (r"^(19[7-9]|20\d)\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$", "%Y%m%d"),
    (
        r"^(19[7-9]|20\d)\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])[0-5]\d[0-5]\d$",
        "%Y%m%d%H%M%S",
    ),
)
"""Dates and times that look like numbers: 20240305, 20240305140300."""


def written_together(numbers: pl.Series) -> pl.Series | None:
    """Datetime [n_rows] of whole numbers that are dates without anything between their parts, such
    as 20240305 or 20240305140300; None where any is none.

    >>> written_together(pl.Series([20240305])).dt.epoch("s").to_list()
    [1709596800]
    """
    low, high = numbers.min(), numbers.max()
    if low is None or one_number(low) < 19_700_101 or one_number(high) > 20_991_231_235_959:
        return None
    head = numbers.head(_GLANCE).cast(pl.String).drop_nulls()
    possible = [way for way in _WRITTEN if bool(head.str.contains(way[0]).all())]
    texts = numbers.cast(pl.String) if possible else head
    for pattern, written in possible:
        if bool(texts.drop_nulls().str.contains(pattern).all()):
            found = texts.str.to_datetime(written, strict=False, time_unit="us")
            return found if found.null_count() == numbers.null_count() else None
    return None


def says_days(name: str) -> bool:
    """Whether a word of a column's name says that it holds days.

    >>> says_days("Order Date"), says_days("Bestelldatum"), says_days("last_update")
    (True, True, False)
    """
    words = re.findall(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])", name)
    return any(
        word.casefold() in _DAY_WORDS or word.casefold().endswith(_DAY_ENDS) for word in words
    )


def seconds_of_days(days: pl.Series) -> pl.Series | None:
    """Int64 [n_rows], seconds since 1970, of days as spreadsheets count them, from 1900 on; None
    where the numbers are others.

    Args:
        days: Float64 [n_rows], with fractions.

    >>> seconds_of_days(pl.Series([45_658.5, 45_659.25])).to_list()
    [1735732800, 1735797600]
    """
    low, high = days.min(), days.max()
    if low is None or one_number(low) < _DAYS[0] or one_number(high) > _DAYS[1]:
        return None
    return ((days - _DAY_ZERO) * 86_400).round().cast(pl.Int64, strict=False)
