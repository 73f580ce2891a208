"""Rows without a user or an item."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from palate.data.checks.view import View, counted
from palate.tables import Finding
from palate.tables.columns import ITEM, USER


def missing_ids(view: View) -> Iterator[Finding]:
    """Errors for events without a user or item, and for rows of a catalogue without an id."""
    if view.log is not None:
        for name, ids in ((USER, view.log.user), (ITEM, view.log.item)):
            rows = ids.is_null().arg_true()
            yield from _finding(
                rows, view.log.place.column(view.log.names[name]), view.log.examples(rows), "event"
            )
    for side in view.sides():
        rows = side.ids.is_null().arg_true()
        yield from _finding(rows, side.place.column(side.id_name), side.examples(rows), "row")


def _finding(
    rows: pl.Series, where: str, examples: tuple[str, ...], what: str
) -> Iterator[Finding]:
    if len(rows):
        yield Finding(
            "missing-ids",
            "error",
            f"{counted(len(rows), f'{what} has', f'{what}s have')} no id",
            where,
            len(rows),
            examples,
            'mend the source, or leave such rows out: drop = ["missing-ids"]',
        )
