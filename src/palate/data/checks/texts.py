"""Texts that are missing, empty of meaning, or the same for many items."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import polars as pl

from palate.data.checks.view import N_EXAMPLES, View, counted
from palate.data.clean import only_placeholders
from palate.data.fields import FieldKind
from palate.data.table import shorten
from palate.data.typed import one_number
from palate.tables import Finding

LOW_COVERAGE: Final = 0.5
MANY_REPEATS: Final = 0.01


def text_coverage(view: View) -> Iterator[Finding]:
    """How many items have no text: a warning where it is more than half of them, else a note."""
    if view.items is None:
        return
    for name, texts in view.items.prose.items():
        missing = texts.is_null()
        share = 1 - one_number(missing.mean())
        if missing.any():
            yield Finding(
                "empty-texts",
                "warning" if share < LOW_COVERAGE else "note",
                f"{share:.1%} of {len(texts):,} items have a text here, {int(missing.sum()):,} have"
                " none",
                view.items.place.column(name),
                int(missing.sum()),
                view.items.examples(missing.arg_true()[:N_EXAMPLES]),
                (
                    "items without text get no text features"
                    if share >= LOW_COVERAGE
                    else "add another field beside it"
                ),
            )


def placeholder_texts(view: View) -> Iterator[Finding]:
    """A warning for texts that only say that there is none, such as "N/A"."""
    if view.items is None:
        return
    for name, texts in view.items.prose.items():
        rows = only_placeholders(texts).arg_true()
        if len(rows):
            yield Finding(
                "placeholder-texts",
                "warning",
                f"{counted(len(rows), 'text only says', 'texts only say')} that there is none",
                view.items.place.column(name),
                len(rows),
                view.items.examples(rows, name),
                "[clean] empty_placeholders = true, or leave the field empty in the source",
            )


def repeated_texts(view: View) -> Iterator[Finding]:
    """Items that share a text with others, so that it does not tell them apart."""
    if view.items is None:
        return
    known = view.items.ids.is_not_null()  # rows that continue another are no items of their own
    for name, all_texts in view.items.prose.items():
        texts = all_texts.filter(known)
        counts = texts.drop_nulls().value_counts(sort=True).filter(pl.col("count") > 1)
        if not counts.height:
            continue
        n_items = int(counts["count"].sum())
        share = n_items / max(texts.count(), 1)
        shown = (
            f'"{shorten(t, 60)}" for {n:,} items' for t, n in counts.head(N_EXAMPLES).iter_rows()
        )
        yield Finding(
            "repeated-texts",
            "warning" if share >= MANY_REPEATS else "note",
            f"{n_items:,} items ({share:.1%}) share their text with another",
            view.items.place.column(name),
            n_items,
            tuple(shown),
            "are these the same item under several ids?",
        )


def constant_fields(view: View) -> Iterator[Finding]:
    """A note on the fields of a table that are empty or the same everywhere."""
    for side in view.sides():
        idle = [k for k in side.kinds if k.kind in ("empty", "constant")]
        if len(side.ids) < 2 or not idle:
            continue
        shown = tuple(
            f"{shorten(k.name, 40)}: {_always(side.fields[k.name], k)}" for k in idle[:N_EXAMPLES]
        )
        yield Finding(
            "constant-fields",
            "note",
            f"{counted(len(idle), 'field is', 'fields are')} empty or the same everywhere, and so"
            " tell nothing apart",
            side.place.name,
            len(idle),
            shown,
        )


def _always(column: pl.Series, kind: FieldKind) -> str:
    return "empty" if kind.kind == "empty" else f'always "{shorten(column.drop_nulls()[0], 40)}"'
