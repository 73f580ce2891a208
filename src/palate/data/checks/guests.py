"""One id that stands for many people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl

from palate.data.checks.odd_ids import NOTHINGS
from palate.data.checks.view import View
from palate.data.table import shorten
from palate.data.typed import one_number
from palate.tables import Finding
from palate.tables.columns import USER

CODE: Final = "guests"

_NAMES: Final = (
    *NOTHINGS,
    *("0", "-1", "00000000-0000-0000-0000-000000000000", "guest", "guests", "anonymous", "anon"),
    *("unknown", "visitor", "gast", "invité", "invitado", "游客", "匿名", "匿名用户"),
)
_SHARE: Final = 0.05
_TIMES: Final = 10


@dataclass(frozen=True)
class Guests:
    """An id under which a log keeps everybody who has none.

    Attributes:
        name: The id.
        count: Its events.
        most: The most events that any other user has.
    """

    name: str
    count: int
    most: int


def guests_of(users: pl.Series) -> Guests | None:
    """The id that is called as guests are and has far more events than anybody else; None for none.

    Args:
        users: String [n_rows], null where missing.

    >>> guests_of(pl.Series(["0"] * 60 + [f"u{n // 5}" for n in range(300)]))
    Guests(name='0', count=60, most=5)
    """
    counted = users.drop_nulls().value_counts()
    return guests_among(counted[users.name], counted["count"], len(users))


def guests_among(names: pl.Series, counts: pl.Series, n_rows: int) -> Guests | None:
    """The same of users who are counted.

    Args:
        names: String [n_users].
        counts: [n_users], the events of each.
        n_rows: Rows of the log.
    """
    if len(names) < 2:
        return None
    order = counts.arg_sort(descending=True).head(2)
    name, (count, most) = str(names[order[0]]), counts.gather(order).to_list()
    called = name.strip().casefold() in _NAMES
    usual = one_number(counts.median())
    large = count >= _SHARE * n_rows and count >= _TIMES * usual
    return Guests(name, count, most) if called and large and count > most else None


def guests(view: View) -> Iterator[Finding]:
    """A warning for such an id: its events are learnt from as if they were of one person."""
    found = None if view.log is None else guests_of(view.log.user)
    if view.log is None or found is None:
        return
    rows = (view.log.user == found.name).arg_true()
    yield Finding(
        CODE,
        "warning",
        f"{found.count:,} of {len(view.log.user):,} events are of one user,"
        f' "{shorten(found.name)}", who seems to be all guests together',
        view.log.place.column(view.log.names[USER]),
        found.count,
        view.log.examples(rows),
        f"[clean] max_user_events = {found.most} leaves them out",
    )
