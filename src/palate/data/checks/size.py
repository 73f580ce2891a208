"""A log too small or too uniform to learn from."""

from __future__ import annotations

from collections.abc import Iterator

from palate.data.checks.view import View
from palate.tables import Finding


def too_small(view: View) -> Iterator[Finding]:
    """A warning where all events are of one user or one item: perhaps a column was taken for
    another.
    """
    if view.log is None or len(view.log.user) < 2:
        return
    for word, ids in (("user", view.log.user), ("item", view.log.item)):
        if ids.drop_nulls().n_unique() == 1:
            yield Finding(
                f"one-{word}",
                "warning",
                f"all {len(ids):,} events are of one {word}",
                view.log.place.name,
                len(ids),
                view.log.examples([0]),
                f'is {word}_column the right one? Set {word}_column = "..."',
            )
