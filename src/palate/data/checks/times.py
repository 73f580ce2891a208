"""Times that cannot be, and times that do not tell events apart."""

from __future__ import annotations

import datetime
import time as system_time
from collections.abc import Iterator
from typing import Final

import polars as pl

from palate.arrays import Rows
from palate.data.checks.view import LogView, View, counted
from palate.data.order import order_of_columns
from palate.data.times import are_dates
from palate.data.typed import one_number
from palate.tables import Finding
from palate.tables.columns import TIME

EARLIEST: Final = 157_766_400
"""1975: no log of recommendations is older, and a time near 1970 is a zero or a wrong unit."""

LATEST: Final = 4_102_444_800
"""2100: later times are a placeholder such as 9999-12-31, or a wrong unit."""

NO_ORDER: Final = "no-order"
"""Code of the finding that a log has no order of events."""
MANY_TIES: Final = 0.05
_DECADE: Final = 315_576_000
_YEAR: Final = 31_556_952


def bad_times(view: View) -> Iterator[Finding]:
    """A finding for times that are missing or cannot be understood."""
    if view.log is None or view.log.time is None:
        return
    rows = view.log.time.is_null().arg_true()
    if len(rows):
        yield Finding(
            "bad-times",
            view.log.severity,
            f"{counted(len(rows), 'event has', 'events have')} no time that can be understood",
            view.log.place.column(view.log.names[TIME]),
            len(rows),
            view.log.examples(rows, TIME),
            'mend the source, set time_format, or leave such rows out: drop = ["bad-times"]',
        )


def impossible_times(view: View) -> Iterator[Finding]:
    """An error for times before 1975 or after 2100 (also where units are mixed), a warning for the
    future.
    """
    log = view.log
    if log is None or log.time is None or not are_dates(log.time):
        yield from _negative_ranks(log)
        return
    times = log.time
    rows = ((times < EARLIEST) | (times > LATEST)).fill_null(False).arg_true()
    if len(rows):
        wrong = times.gather(rows)
        mixed = _other_unit(wrong, times)
        yield Finding(
            "impossible-times",
            "error",
            f"{counted(len(rows), 'event has', 'events have')} a time before 1975 or after 2100"
            + (": seconds and milliseconds are mixed" if mixed else ""),
            log.place.column(log.names[TIME]),
            len(rows),
            tuple(
                f"{e}, {_spoken(int(times[r]))}"
                for e, r in zip(log.examples(rows), rows, strict=False)
            ),
            "mend the source"
            + (": write all times in one unit" if mixed else " (a placeholder is no time)"),
        )
    now = int(system_time.time())
    future = ((times > now + 86_400) & (times <= LATEST)).fill_null(False).arg_true()
    if len(future):
        yield Finding(
            "future-times",
            "warning",
            f"{counted(len(future), 'event is', 'events are')} in the future",
            log.place.column(log.names[TIME]),
            len(future),
            tuple(
                f"{e}, {_spoken(int(times[r]))}"
                for e, r in zip(log.examples(future), future, strict=False)
            ),
            "look at the unit and the time zone of the source",
        )


def time_ties(view: View) -> Iterator[Finding]:
    """Events of one user at one time: their order is that of the file, and another order gives
    other results.
    """
    time = None if view.log is None else view.log.exact_time
    if view.log is None or time is None:
        return
    pairs = pl.struct(user=view.log.user, time=time, eager=True)
    tied = pairs.is_duplicated() & time.is_not_null() & view.log.user.is_not_null()
    rows = tied.arg_true()
    if not len(rows):
        return
    share = len(rows) / len(tied)
    n_users = view.log.user.filter(tied).n_unique()
    yield Finding(
        "time-ties",
        "warning" if share >= MANY_TIES else "note",
        f"{len(rows):,} events ({share:.1%}) of {counted(n_users, 'user', 'users')} share their"
        " time with another one",
        view.log.place.column(view.log.names[TIME]),
        len(rows),
        view.log.examples(rows),
        "ties are broken by the order of the file, so keep that order; a coarser split than the"
        " last event is surer",
    )


def no_order(view: View) -> Iterator[Finding]:
    """A warning where a user's last event in the log is not the last thing that he did."""
    log = view.log
    if log is None:
        return
    sound = ~log.faulty
    user, item = log.user.filter(sound), log.item.filter(sound)
    if not user.is_duplicated().any():
        return
    value, time, action, finer = (
        None if c is None else c.filter(sound) for c in (log.value, log.time, log.action, log.order)
    )
    names = item.unique(maintain_order=True)
    order = order_of_columns(
        _codes(user, user.unique()),
        _codes(item, names),
        tuple(names),
        None if value is None else value.to_numpy(),
        None if time is None else time.to_numpy(),
        None if action is None else _codes(action.fill_null(""), action.fill_null("").unique()),
        None if finer is None else finer.to_numpy(),
    )
    if not order.real:
        yield Finding(
            NO_ORDER,
            "warning",
            order.reason,
            log.place.name if log.time is None else log.place.column(log.names[TIME]),
            len(user),
            log.examples(()),
            "a split by the last events would test on whatever stands last; split.ratio.v1 splits"
            " at random",
        )


def _codes(values: pl.Series, names: pl.Series) -> Rows:
    return values.cast(pl.Enum(names)).to_physical().cast(pl.Int32).to_numpy()


def _negative_ranks(log: LogView | None) -> Iterator[Finding]:
    if log is None or log.time is None:
        return
    rows = (log.time < 0).fill_null(False).arg_true()
    if len(rows):
        yield Finding(
            "impossible-times",
            "error",
            f"{counted(len(rows), 'event has', 'events have')} a negative time",
            log.place.column(log.names[TIME]),
            len(rows),
            log.examples(rows),
            "mend the source",
        )


def _other_unit(wrong: pl.Series, times: pl.Series) -> bool:
    # In the other unit it would lie among the times that can be; a placeholder such as 9999 would
    # not.
    fine = times.filter(times.is_between(EARLIEST, LATEST))
    low, high = one_number(fine.min()) - _DECADE, one_number(fine.max()) + _DECADE
    return len(fine) > 0 and bool(
        ((wrong // 1000).is_between(low, high) | (wrong * 1000).is_between(low, high)).any()
    )


def _spoken(seconds: int) -> str:
    year = 1970 + round(seconds / _YEAR)
    if not 1000 < year < 9999:
        return f"time {seconds} (year {year})"
    date = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(seconds=seconds)
    return f"time {seconds} ({date:%Y-%m-%d})"
