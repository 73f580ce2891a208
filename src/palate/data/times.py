"""Times of any kind -> int64 seconds since 1970 UTC, or ranks, and the order at the source's own
resolution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import polars as pl

from palate.arrays import Longs
from palate.data.exact_order import exact_numbers, finer_order, ranked
from palate.data.table import shorten
from palate.data.time_zones import in_utc
from palate.data.typed import in_plain_digits, numbers, one_number
from palate.data.units_of_time import (
    factors,
    says_days,
    seconds_of_days,
    unit_of,
    written_together,
)
from palate.data.words_of_dates import in_numbers
from palate.errors import BadInput

EPOCH_FROM: Final = 100_000_000
"""Whole numbers whose median is at least this (1973) are times; smaller ones are ranks or
counters."""

DAYS: Final = "days"
"""The `time_format` of days as spreadsheets count them."""

_DAY_FIRST: Final = "%d/%m/%Y"
_MONTH_FIRST: Final = "%m/%d/%Y"
_CLOCKS: Final = ("", "%H:%M:%S%.f", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%I:%M:%S%p", "%I:%M%p")
_HALVES: Final = ("%p %I:%M:%S", "%p %I:%M", "%p%I:%M:%S", "%p%I:%M")
_EASTERN: Final = {
    **dict.fromkeys(("오전", "上午", "午前"), "AM"),
    **dict.fromkeys(("오후", "下午", "午後"), "PM"),
}
"""Halves of the day in Korean, Chinese and Japanese, which stand before the hour."""

_DATES: Final = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%d-%b-%Y",
    "%m %d, %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d.%m.%Y",
    "%Y.%m.%d",
    "%d %b %Y",
    "%d %B %Y",
    "%Y\u5e74%m\u6708%d\u65e5",
    "%Y%m%d",
)
_WHOLE: Final = (
    "%b %d %H:%M:%S %#z %Y",
    "%b %d %Y %H:%M:%S %#z",
    "%d/%b/%Y:%H:%M:%S %#z",
    "%Y-%m-%dT%H:%M%#z",
    "%b %d %H:%M:%S %Y",
    "%b %d %Y %H:%M:%S",
    "%Y\u5e74%m\u6708%d\u65e5 %H\u65f6%M\u5206%S\u79d2",
    "%Y\u5e74%m\u6708%d\u65e5 %H\u65f6%M\u5206",
    "%Y\u5e74%m\u6708%d\u65e5%H\u65f6%M\u5206",
    "%Y\u5e74%m\u6708%d\u65e5%H:%M:%S",
    "%Y\u5e74%m\u6708%d\u65e5%H:%M",
)
"""Ways to write date and clock together, without the day of the week and with zones as offsets:
mail, Twitter, browsers, web servers, SQL with a zone, Chinese.
"""


_QUICK: Final = (
    *(
        f"%Y-%m-%d{between}%H:%M:%S{fraction}{zone}"
        for between in "T "
        for fraction in ("", ".%3f", ".%6f")
        for zone in ("", "Z", "+00:00", " UTC")
        if (between, zone) != ("T", " UTC")
    ),
    *("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"),
)
"""Ways that are read ten times as quickly, since every field of them has its place."""

_UTC: Final = ("Z", "UTC", "GMT", "+00:00")
_DECIMAL_COMMA: Final = r"^\s*\d+(,\d+)?\s*$"
_GLANCE: Final = 100
_OFFSET_BEHIND: Final = r":\d\d.* [+-]\d\d:?\d\d$"
_NANOSECONDS: Final = r"\.\d{7}"
_MOST_MICROS: Final = 2**63 // 1000


def are_dates(time: pl.Series | Longs | None) -> bool:
    """Whether times are seconds since 1970, and so have dates, rather than ranks.

    Ranks may be shared by all users as well; `Interactions.has_timestamps` says whether the times
    are, whatever their unit.

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
        order: Int64 [n_rows], which grows with the time as the source has it, to its last digit;
            None where `values` orders the rows in the same way.
    """

    values: pl.Series
    said: str
    order: pl.Series | None = None


def as_times(column: pl.Series, where: str, time_format: str = "", time_zone: str = "") -> Times:
    """Understand a column of times.

    Dates and ISO texts become seconds since 1970; whole numbers are taken for seconds,
    milliseconds, microseconds or nanoseconds by their median, and kept as ranks where they are too
    small for times, unless all are dates such as 20240305; in a column whose name says so they may
    be days of a spreadsheet. Fractions of a second stay in `order`; ranks with fractions, such as
    places between 0 and 1, become the whole numbers that order them in the same way.

    Args:
        column: [n_rows], of any type.
        where: Name of source and column, for messages.
        time_format: How texts are written, where that is unusual (strftime words), or `DAYS`.
        time_zone: Where dates and texts that name no zone were written, e.g. "Europe/Berlin"; empty
            for UTC.

    Raises:
        BadInput: The column holds lists, or dates that could be day/month as well as month/day; or
            there is no such zone.

    >>> as_times(pl.Series(["2020-01-02T00:00:00Z", None]), "x").values.to_list()
    [1577923200, None]
    >>> as_times(pl.Series([1_600_000_000_900, 1_600_000_000_100]), "x").order.to_list()
    [1, 0]
    """
    if column.dtype.is_temporal():
        return _of_dates(column, time_zone)
    days = time_format == DAYS or (not time_format and says_days(column.name))
    text = column.cast(pl.String) if column.dtype == pl.Decimal else column
    if text.dtype == pl.String:
        quick = _quickly(text, time_format, time_zone, days=days)
        if quick is not None:
            return quick
        text = in_plain_digits(text, few=True)
        if bool(text.drop_nulls().str.contains(_DECIMAL_COMMA).all()):
            text = text.str.replace(",", ".", literal=True)
        as_number = numbers(text)
        if (
            time_format not in ("", DAYS)
            or as_number.is_null().sum() > (len(text) + text.null_count()) / 2
        ):
            return _of_texts(text, where, time_format, time_zone)
        exact = exact_numbers(text.set(as_number.is_null(), None))
        if exact is None:
            return _of_numbers(as_number, days=days, zone=time_zone)
        return _of_numbers(*exact, days=days, zone=time_zone)
    if not column.dtype.is_numeric():
        raise BadInput(
            f"the times are of type {column.dtype}",
            where=where,
            allowed="dates, ISO texts or numbers",
        )
    return _of_numbers(column, days=days, zone=time_zone)


def _of_dates(column: pl.Series, time_zone: str) -> Times:
    if column.dtype in (pl.Time, pl.Duration):
        return Times(ranked(column.to_physical()), "as a rank (it is a time of day or a duration)")
    said = "as dates, in seconds since 1970"
    if time_zone and not (isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone):
        days = column.dtype == pl.Date
        column = in_utc(column.cast(pl.Datetime("us")) if days else column, time_zone)
        said = f"{said}, written in {time_zone}"
    values = column.cast(pl.Datetime("us")).dt.epoch("s").cast(pl.Int64)
    if not isinstance(column.dtype, pl.Datetime):
        return Times(values, said)
    a_second = {"ms": 10**3, "us": 10**6, "ns": 10**9}[column.dtype.time_unit]
    ticks = column.to_physical()
    return _with_order(values, said, finer_order(values, ticks % a_second != 0, ticks))


def _of_numbers(
    column: pl.Series, fraction: pl.Series | None = None, *, days: bool = False, zone: str = ""
) -> Times:
    """Numbers, of which `fraction` is what stands behind the point if `column` holds only whole
    ones; whole `days` are those of a spreadsheet where all of them can be.
    """
    if column.dtype.is_integer() and (fraction is None or not (fraction != 0).any()):
        dates = written_together(column)
        if dates is not None:
            return _of_dates(dates, zone)
    exact = column.fill_nan(None) if column.dtype.is_float() else column
    whole = exact.floor() if column.dtype.is_float() else column
    values = whole.cast(pl.Int64, strict=False)
    finer = (exact,) if fraction is None else (exact, fraction)
    broken = exact != whole if fraction is None else fraction != 0
    if one_number(values.abs().median()) >= EPOCH_FROM:
        return _of_epochs(values, broken, fraction, exact)
    order = finer_order(values, broken, *finer)
    said = "as ranks that grow with time"
    seconds = seconds_of_days(exact if fraction is None else exact + fraction / 10**18)
    if not broken.any() and not (days and seconds is not None):
        other = f'; if they are days of a spreadsheet, say time_format = "{DAYS}"'
        return Times(values, said + (other if seconds is not None else ""))
    if seconds is not None:
        order = finer_order(seconds, broken, *finer)
        return _with_order(seconds, "as days of a spreadsheet, and written as seconds", order)
    if order is None:
        return Times(values, said)
    return Times(order, f"{said}, numbered in their order because they have fractions")


def _of_epochs(
    values: pl.Series, broken: pl.Series, fraction: pl.Series | None, exact: pl.Series
) -> Times:
    """Numbers since 1970, of which `values` is the whole part."""
    usual, unit = unit_of(values)
    factor, mixed = factors(values, usual)
    seconds = values // factor
    finer = (exact,) if fraction is None else (exact, fraction)
    if mixed:  # the numbers of one unit say nothing beside those of another
        finer = (seconds, (values % factor) * (10**9 // factor), *finer[1:])
    order = finer_order(seconds, broken | (values % factor != 0), *finer)
    written = "" if usual == 1 else ", and written as seconds since 1970"
    said = f"as {unit}{' since 1970' if usual == 1 else ''}{mixed}{written}"
    return _with_order(seconds, said, order)


def _with_order(values: pl.Series, said: str, order: pl.Series | None) -> Times:
    kept = "" if order is None else "; what happened within a second keeps its order"
    return Times(values, said + kept, order)


def _quickly(
    text: pl.Series, time_format: str, time_zone: str, *, days: bool = False
) -> Times | None:
    """The times of a column in which all are whole numbers, or all written in one usual way; None
    where that is not so. The slower readings of all ways give the same.
    """
    if time_format or text.null_count() == len(text):
        return None
    whole = text.cast(pl.Int64, strict=False)
    if whole.null_count() == text.null_count():
        return _of_numbers(whole, days=days, zone=time_zone)
    head = text.head(_GLANCE).drop_nulls()
    for written in _QUICK if len(head) else ():
        if not head.str.to_datetime(written, strict=False).null_count():
            micros = _read(text, written, "us", time_zone, cache=False)
            return _said_dates(micros, time_zone) if _all_read(micros, text) else None
    return None


def _all_read(found: pl.Series, text: pl.Series) -> bool:
    return found.null_count() == text.null_count()


def _said_dates(micros: pl.Series, time_zone: str) -> Times:
    seconds = micros // 10**6
    said = f"as dates, in seconds since 1970 ({time_zone or 'UTC'} where no zone is written)"
    return _with_order(seconds, said, finer_order(seconds, micros % 10**6 != 0, micros))


def _of_texts(column: pl.Series, where: str, time_format: str, time_zone: str) -> Times:
    text = column.str.strip_chars()
    if not time_format:
        text = in_numbers(text)
    if text.str.contains_any(list(_EASTERN)).any():
        text = text.str.replace_many(_EASTERN)
    formats = [time_format] if time_format else _formats(text, where)
    micros = pl.Series(column.name, [None] * len(text), dtype=pl.Int64)
    nanos = micros
    for written in formats:
        found = _parsed(text, written, time_zone)
        nanos = nanos.fill_null(found[1])
        micros = micros.fill_null(found[0])
        if micros.null_count() == text.null_count():
            break
    zone = f"{time_zone or 'UTC'} where no zone is written"
    said = f"as dates, in seconds since 1970 ({zone})"
    if time_format:
        said = f'as dates written "{time_format}"' + (f" ({zone})" if time_zone else "")
    lost = (micros % 10**6 != 0) | (nanos != 0)
    order = finer_order(micros // 10**6, lost, micros, nanos)
    return _with_order(micros // 10**6, said, order)


def _formats(text: pl.Series, where: str) -> list[str]:
    dates = list(_DATES)
    if text.str.contains(r"^[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}").any():
        dates.insert(0, _slash_order(text, where))
    elsewhere = dates if text.str.contains(_OFFSET_BEHIND).any() else ()
    halves = _HALVES if text.str.contains("[AP]M ?[0-9]").any() else ()
    plain = [f"{d} {c}".strip() for d in dates for c in (*_CLOCKS, *halves)]
    iso = [f"%Y-%m-%dT{c}" for c in _CLOCKS[1:]] + [f"%Y-%m-%d{t}%H:%M:%S%.fZ" for t in "T "]
    zoned = [f"%Y-%m-%d{t}%H:%M:%S%.f%#z" for t in "T "]
    zoned += [f"{d} {c} %#z" for d in elsewhere for c in _CLOCKS[1:]]
    return [*iso, *plain, *zoned, *_WHOLE]


def _slash_order(text: pl.Series, where: str) -> str:
    pairs = text.str.extract_groups(r"^([0-9]{1,2})/([0-9]{1,2})/[0-9]{4}")
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


def _parsed(text: pl.Series, written: str, time_zone: str) -> tuple[pl.Series, pl.Series]:
    """Microseconds since 1970, and the nanoseconds beyond them, where a text is written so."""
    micros = _read(text, written, "us", time_zone)
    if not text.str.contains(_NANOSECONDS).any():
        return micros, micros * 0
    # beyond the years 1677 to 2262 nanoseconds do not fit into int64 and wrap around
    fits = micros.abs() <= _MOST_MICROS
    return micros, (_read(text, written, "ns", time_zone) % 1000).set(~fits, 0)


def _read(
    text: pl.Series,
    written: str,
    unit: Literal["us", "ns"],
    time_zone: str,
    *,
    cache: bool = True,
) -> pl.Series:
    zoned = "%z" in written or "%#z" in written
    utc = zoned or written.endswith(_UTC)
    try:
        found = text.str.to_datetime(
            written,
            strict=False,
            time_unit=unit,
            time_zone="UTC" if zoned else None,
            cache=cache,
        )
    except (pl.exceptions.ComputeError, pl.exceptions.InvalidOperationError) as cause:
        raise BadInput(
            f'"{written}" is no way to write a time: {cause}', where="time_format"
        ) from cause
    return (found if utc or not time_zone else in_utc(found, time_zone)).to_physical()
