"""Times of any kind -> int64 seconds since 1970 UTC, or ranks as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from palate.arrays import Longs
from palate.data.table import shorten
from palate.data.typed import numbers, one_number
from palate.errors import BadInput

EPOCH_FROM: Final = 100_000_000
"""Whole numbers whose median is at least this (1973) are times; smaller ones are ranks or
counters."""

UNITS: Final = (
    (10**17, 10**9, "nanoseconds"),
    (10**14, 10**6, "microseconds"),
    (10**11, 10**3, "milliseconds"),
)

_DAY_FIRST: Final = "%d/%m/%Y"
_MONTH_FIRST: Final = "%m/%d/%Y"
_CLOCKS: Final = ("", "%H:%M:%S%.f", "%H:%M")
_DATES: Final = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%d-%b-%Y",
    "%m %d, %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d.%m.%Y",
    "%Y%m%d",
)


def are_timestamps(time: pl.Series | Longs | None) -> bool:
    """Whether times are seconds since 1970 rather than ranks.

    Args:
        time: int [n_rows]; None where there are no times.
    """
    return time is not None and one_number(pl.Series(values=time).abs().median()) >= EPOCH_FROM


@dataclass(frozen=True)
class Times:
    """A column of times, understood.

    Attributes:
        values: Int64 [n_rows], seconds or ranks; null where the source's value is missing or no
            time.
        said: How it was understood, as the end of a sentence.
    """

    values: pl.Series
    said: str


def as_times(column: pl.Series, where: str, time_format: str = "") -> Times:
    """Understand a column of times.

    Dates and ISO texts become seconds since 1970; whole numbers are taken for seconds,
    milliseconds, microseconds or nanoseconds by their median, and kept as ranks where they are too
    small for times.

    Args:
        column: [n_rows], of any type.
        where: Name of source and column, for messages.
        time_format: How texts are written, where that is unusual (strftime words).

    Raises:
        BadInput: The column holds lists, or dates that could be day/month as well as month/day.

    >>> as_times(pl.Series(["2020-01-02T00:00:00Z", None]), "x").values.to_list()
    [1577923200, None]
    """
    if column.dtype.is_temporal():
        return _of_dates(column)
    if column.dtype == pl.String:
        as_number = numbers(column)
        if time_format or as_number.is_null().sum() > (len(column) + column.null_count()) / 2:
            return _of_texts(column, where, time_format)
        return _of_numbers(as_number)
    if not column.dtype.is_numeric():
        raise BadInput(
            f"the times are of type {column.dtype}",
            where=where,
            allowed="dates, ISO texts or numbers",
        )
    return _of_numbers(column)


def _of_dates(column: pl.Series) -> Times:
    if column.dtype in (pl.Time, pl.Duration):
        return Times(
            column.to_physical().cast(pl.Int64), "as a rank (it is a time of day or a duration)"
        )
    return Times(
        column.cast(pl.Datetime("us")).dt.epoch("s").cast(pl.Int64),
        "as dates, in seconds since 1970",
    )


def _of_numbers(column: pl.Series) -> Times:
    whole = column if column.dtype.is_integer() else column.floor()
    values = whole.cast(pl.Int64, strict=False)
    median = one_number(values.abs().median())
    for least, factor, unit in UNITS:
        if median >= least:
            return Times(values // factor, f"as {unit}, and written as seconds since 1970")
    said = "as seconds since 1970" if median >= EPOCH_FROM else "as ranks that grow with time"
    return Times(values, said)


def _of_texts(column: pl.Series, where: str, time_format: str) -> Times:
    text = column.str.strip_chars()
    if time_format:
        return Times(_parsed(text, time_format), f'as dates written "{time_format}"')
    values = pl.Series(column.name, [None] * len(text), dtype=pl.Int64)
    for written in _formats(text, where):
        values = values.fill_null(_parsed(text, written))
        if values.null_count() == text.null_count():
            break
    return Times(values, "as dates, in seconds since 1970 (UTC where no zone is written)")


def _formats(text: pl.Series, where: str) -> list[str]:
    dates = list(_DATES)
    if text.str.contains(r"^\d{1,2}/\d{1,2}/\d{4}").any():
        dates.insert(0, _slash_order(text, where))
    plain = [f"{d} {c}".strip() for d in dates for c in _CLOCKS]
    iso = [f"%Y-%m-%dT{c}" for c in _CLOCKS[1:]] + [f"%Y-%m-%d{t}%H:%M:%S%.fZ" for t in "T "]
    zoned = [f"%Y-%m-%d{t}%H:%M:%S%.f%#z" for t in "T "]
    return [*iso, *plain, *zoned]


def _slash_order(text: pl.Series, where: str) -> str:
    pairs = text.str.extract_groups(r"^(\d{1,2})/(\d{1,2})/\d{4}")
    firsts, seconds = (pairs.struct.field(n).cast(pl.Int64).max() for n in pairs.struct.fields)
    day_first, month_first = one_number(firsts) > 12, one_number(seconds) > 12
    if day_first == month_first:
        example = shorten(text.drop_nulls()[0])
        raise BadInput(
            f'"{example}" could be day/month or month/day',
            where=where,
            next_step=f'set time_format = "{_DAY_FIRST}" or "{_MONTH_FIRST}"',
        )
    return _DAY_FIRST if day_first else _MONTH_FIRST


def _parsed(text: pl.Series, written: str) -> pl.Series:
    zoned = "%z" in written or "%#z" in written
    try:
        dates = text.str.to_datetime(
            written, strict=False, time_unit="us", time_zone="UTC" if zoned else None
        )
    except (pl.exceptions.ComputeError, pl.exceptions.InvalidOperationError) as cause:
        raise BadInput(
            f'"{written}" is no way to write a time: {cause}', where="time_format"
        ) from cause
    return dates.dt.epoch("s").cast(pl.Int64)
