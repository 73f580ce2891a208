"""Rows without a user or an item."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from palate.data.checks.view import View, counted
from palate.tables import Finding
from palate.tables.columns import ITEM, USER

_LEAVE_OUT: Final = 'mend the source, or leave such rows out: drop = ["missing-ids"]'


def missing_ids(view: View) -> Iterator[Finding]:
    """Findings for events without a user or item, and for rows of a catalogue without an id."""
    if view.log is not None:
        for name, ids in ((USER, view.log.user), (ITEM, view.log.item)):
            rows = ids.is_null().arg_true()
            if len(rows):
                yield Finding(
                    "missing-ids",
                    view.log.severity,
                    f"{counted(len(rows), 'event has', 'events have')} no id",
                    view.log.place.column(view.log.names[name]),
                    len(rows),
                    view.log.examples(rows),
                    _LEAVE_OUT,
                )
    side = view.items
    if side is None:
        return
    rows = side.ids.is_null().arg_true()
    if len(rows):
        yield Finding(
            "missing-ids",
            side.severity,
            f"{counted(len(rows), 'row has', 'rows have')} no id",
            side.place.column(side.id_name),
            len(rows),
            side.examples(rows),
            _LEAVE_OUT,
        )
