"""Ids that come twice in a catalogue."""

from __future__ import annotations

from collections.abc import Iterator

from palate.data.checks.view import View, counted
from palate.tables import Finding


def duplicate_ids(view: View) -> Iterator[Finding]:
    """A finding for a catalogue whose rows share ids, so that it is unclear which row describes the
    item. Of a table of users reading tells it already.
    """
    side = view.items
    if side is None:
        return
    again = (~side.ids.is_first_distinct() & side.ids.is_not_null()).arg_true()
    if len(again):
        yield Finding(
            "duplicate-items",
            side.severity,
            f"{counted(len(again), 'row repeats', 'rows repeat')} the id of an earlier row",
            side.place.column(side.id_name),
            len(again),
            side.examples(again),
            'mend the source, or keep the first of each: drop = ["duplicate-items"]',
        )
