"""Ids that come twice in a catalogue or among the users."""

from __future__ import annotations

from collections.abc import Iterator

from palate.data.checks.view import View, counted
from palate.tables import Finding


def duplicate_ids(view: View) -> Iterator[Finding]:
    """A finding for each table whose rows share ids, so that it is unclear which row describes the
    item.
    """
    for side in view.sides():
        again = (~side.ids.is_first_distinct() & side.ids.is_not_null()).arg_true()
        if len(again):
            yield Finding(
                f"duplicate-{side.word}s",
                side.severity,
                f"{counted(len(again), 'row repeats', 'rows repeat')} the id of an earlier row",
                side.place.column(side.id_name),
                len(again),
                side.examples(again),
                (
                    'mend the source, or keep the first of each: drop = ["duplicate-items"]'
                    if side.word == "item"
                    else "mend the source; the first of each is used"
                ),
            )
