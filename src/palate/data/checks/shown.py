"""How items were shown and what was done: positions and propensities that are none, and what is not
said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from palate.data.checks.view import View, counted
from palate.data.optional_columns import wrong_positions, wrong_propensities
from palate.tables import Finding
from palate.tables.columns import ACTION, POSITION, PROPENSITY, REQUEST

_WORDS: Final = {
    ACTION: ("missing-actions", "action"),
    REQUEST: ("missing-requests", "request"),
    POSITION: ("missing-positions", "position"),
    PROPENSITY: ("missing-propensities", "propensity"),
}


def bad_positions(view: View) -> Iterator[Finding]:
    """A warning for places in a list that are below 1 or no whole numbers."""
    if view.log is None or view.log.position is None:
        return
    rows = wrong_positions(view.log.position.fill_nan(None)).arg_true()
    if len(rows):
        yield Finding(
            "bad-positions",
            "warning",
            f"{counted(len(rows), 'event stands', 'events stand')} at no position from 1 on",
            view.log.place.column(view.log.names[POSITION]),
            len(rows),
            view.log.examples(rows, POSITION),
            "count positions from 1 and leave unknown ones empty, or do without: position_column ="
            ' "-"',
        )


def bad_propensities(view: View) -> Iterator[Finding]:
    """A warning for propensities outside (0, 1]: nothing can be estimated by dividing by them."""
    if view.log is None or view.log.propensity is None:
        return
    rows = wrong_propensities(view.log.propensity.fill_nan(None)).arg_true()
    if len(rows):
        yield Finding(
            "bad-propensities",
            "warning",
            f"{counted(len(rows), 'event has', 'events have')} a propensity that is not above 0 and"
            " at most 1",
            view.log.place.column(view.log.names[PROPENSITY]),
            len(rows),
            view.log.examples(rows, PROPENSITY),
            "write the probability with which the item was shown and leave unknown ones empty, or"
            ' do without: propensity_column = "-"',
        )


def unsaid(view: View) -> Iterator[Finding]:
    """A note for events without action, request, position or propensity, where others have one."""
    if view.log is None:
        return
    for name, column in view.log.optional().items():
        missing = column.is_null() | (column.is_nan() if column.dtype.is_float() else False)
        rows = missing.fill_null(True).arg_true()
        if len(rows):
            code, word = _WORDS[name]
            yield Finding(
                code,
                "note",
                f"{counted(len(rows), 'event has', 'events have')} no {word}",
                view.log.place.column(view.log.names[name]),
                len(rows),
                view.log.examples(rows),
                "nothing has to be done: they count as unknown",
            )
