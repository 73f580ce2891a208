"""Log and catalogue against each other."""

from __future__ import annotations

from collections.abc import Iterator

from palate.data.checks.view import N_EXAMPLES, View, counted
from palate.data.table import shorten
from palate.tables import Finding


def unknown_items(view: View) -> Iterator[Finding]:
    """Events with items of which the catalogue says nothing: an error if that is all of them, else
    a warning.
    """
    if view.log is None or view.known is None:
        return
    unknown = ~view.log.item.is_in(view.known.implode()) & view.log.item.is_not_null()
    rows = unknown.arg_true()
    if not len(rows):
        return
    n_events, n_items = len(view.log.item), view.log.item.filter(unknown).n_unique()
    nothing = len(rows) == view.log.item.is_not_null().sum()
    ids = ", ".join(f'"{shorten(i, 20)}"' for i in view.known.head(3))
    yield Finding(
        "no-common-items" if nothing else "unknown-items",
        "error" if nothing else "warning",
        f"{len(rows):,} of {n_events:,} events ({len(rows) / n_events:.1%}) are with "
        + counted(n_items, "item ", "items ")
        + (
            "and the catalogue has none of them"
            if nothing
            else "of which the catalogue says nothing"
        ),
        view.log.place.name,
        len(rows),
        view.log.examples(rows[:N_EXAMPLES]),
        (
            f"are the ids written alike? The catalogue has {ids}"
            if nothing
            else "[clean] drop_unknown_items = true"
        ),
    )


def unused_items(view: View) -> Iterator[Finding]:
    """A note on items of the catalogue that no event is with: they can only be recommended by their
    content.
    """
    if view.log is None or view.items is None:
        return
    rows = (
        ~view.items.ids.is_in(view.log.item.unique().implode()) & view.items.ids.is_not_null()
    ).arg_true()
    if len(rows):
        yield Finding(
            "unused-items",
            "note",
            f"{len(rows):,} of {len(view.items.ids):,} items of the catalogue have no event",
            view.items.place.name,
            len(rows),
            view.items.examples(rows[:N_EXAMPLES]),
        )
