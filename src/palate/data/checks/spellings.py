"""Ids that are written in two ways, in one column or in two files."""

from __future__ import annotations

from collections.abc import Iterator

from palate.data.checks.view import View
from palate.data.spelled import spelled_apart, spelled_twice
from palate.tables import Finding
from palate.tables.columns import ITEM, USER


def spellings(view: View) -> Iterator[Finding]:
    """Items of the log that the catalogue writes otherwise, and ids that come in two spellings."""
    log = view.log
    if log is not None and view.known is not None:
        known = view.known.unique()
        unknown = ~log.item.is_in(known.implode()) & log.item.is_not_null()
        share = int(unknown.sum()) / max(len(unknown), 1)
        where = log.place.column(log.names[ITEM])
        wanted = log.item.drop_nulls().unique(maintain_order=True)
        yield from spelled_apart(wanted, known, "items", where, share)
    if log is not None:
        for name, ids in ((USER, log.user), (ITEM, log.item)):
            yield from spelled_twice(ids, log.place.column(log.names[name]))
    for side in view.sides():
        yield from spelled_twice(side.ids, side.place.column(side.id_name))


def found_in_reading(view: View) -> Iterator[Finding]:
    """What was seen while the sources were read, and what they hold now no longer shows."""
    yield from view.found
