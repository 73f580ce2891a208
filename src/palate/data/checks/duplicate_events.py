"""Events that are there more than once."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from palate.data.checks.view import LogView, View, counted
from palate.tables import Finding


def duplicate_events(view: View) -> Iterator[Finding]:
    """A warning for rows equal in everything, a note for people who meet the same item again."""
    if view.log is None:
        return
    exact = _repeats(view.log, everything=True)
    if len(exact):
        yield Finding(
            "exact-duplicates",
            "warning",
            f"{len(exact):,} of {len(view.log.user):,} events repeat an earlier one in user, item,"
            " value and time",
            view.log.place.name,
            len(exact),
            view.log.examples(exact),
            'leave them out: [clean] drop_duplicates = "exact"',
        )
    pairs = _repeats(view.log, everything=False)
    if len(pairs) > len(exact):
        yield Finding(
            "repeated-pairs",
            "note",
            f"{counted(len(pairs), 'event is', 'events are')} of a user and item that met before",
            view.log.place.name,
            len(pairs),
            view.log.examples(pairs),
            "an item that was seen is not recommended; to count each pair once: drop_duplicates ="
            ' "user-item-first"',
        )


def _repeats(log: LogView, *, everything: bool) -> pl.Series:
    columns = {"user": log.user, "item": log.item}
    if everything:
        said = (("value", log.value), ("time", log.exact_time))
        columns |= {name: column for name, column in said if column is not None}
        columns |= log.optional()
    again = pl.DataFrame(columns).select(~pl.struct(pl.all()).is_first_distinct()).to_series()
    return (again & log.user.is_not_null() & log.item.is_not_null()).arg_true()
