"""Ratings and weights, and numbers of the catalogue, that are none."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from palate.data.checks.view import SideView, View, counted
from palate.data.likes import likes_of
from palate.data.placeholders import placeholder_of
from palate.data.typed import is_value
from palate.tables import Finding
from palate.tables.columns import VALUE


def bad_values(view: View) -> Iterator[Finding]:
    """A finding for ratings that are missing, no number, NaN or infinite."""
    if view.log is None or view.log.value is None:
        return
    value, raw = view.log.value, view.log.raw[VALUE]
    rows = (~is_value(value)).arg_true()
    if not len(rows):
        return
    missing = (
        raw.is_null() if raw.dtype != pl.String else (raw.fill_null("").str.strip_chars() == "")
    )
    kinds = {
        "missing": missing.sum(),
        "no number": (value.is_null() & ~missing).sum(),
        "NaN": value.is_nan().sum(),
        "infinite or too large": (
            (~is_value(value) & value.is_not_null() & value.is_not_nan()).sum()
        ),
    }
    listed = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items() if count)
    commas = raw.dtype == pl.String and raw.gather(rows).str.contains(r"^\s*-?\d+,\d+\s*$").any()
    yield Finding(
        "bad-values",
        view.log.severity,
        f"{counted(len(rows), 'event has', 'events have')} no finite number as value ({listed})",
        view.log.place.column(view.log.names[VALUE]),
        len(rows),
        view.log.examples(rows, VALUE),
        (
            "write numbers with a point, not with a comma"
            if commas
            else (
                'mend the source, leave such rows out: drop = ["bad-values"], or do without:'
                ' value_column = "-"'
            )
        ),
    )


def placeholder_ratings(view: View) -> Iterator[Finding]:
    """A warning where a value seems to stand for "no rating"."""
    if view.log is None or view.log.value is None:
        return
    usable = is_value(view.log.value)
    found = placeholder_of(view.log.value.filter(usable).cast(pl.Float64).to_numpy())
    if found is None:
        return
    rows = (usable & (view.log.value == found.value)).arg_true()
    yield Finding(
        "placeholder-ratings",
        "warning",
        found.sentence.removesuffix("."),
        view.log.place.column(view.log.names[VALUE]),
        found.count,
        view.log.examples(rows, VALUE),
        found.advice,
    )


def zero_values(view: View) -> Iterator[Finding]:
    """A warning where values of 0 or less say that something was not liked, or not taken: without
    further settings they count like the others.
    """
    if view.log is None or view.log.value is None:
        return
    usable = is_value(view.log.value)
    values = view.log.value.filter(usable)
    likes = likes_of(values.cast(pl.Float32).to_numpy())
    apart = placeholder_of(values.cast(pl.Float64).to_numpy())
    # a single value below a scale has a finding of its own
    if likes is None or (apart is not None and apart.value < apart.low):
        return
    rows = (usable & (view.log.value <= 0)).arg_true()
    yield Finding(
        "zero-values",
        "warning",
        f"{len(rows):,} of {int(usable.sum()):,} events have a value of 0 or less, and count like"
        " the others where the recipe says nothing of it",
        view.log.place.column(view.log.names[VALUE]),
        len(rows),
        view.log.examples(rows),
        (
            f"if nothing happened then: [clean] min_value = {likes.least}; if it was not liked:"
            f" [split] relevant_min = {likes.least}, train_min = {likes.least}"
        ),
    )


def bad_numbers(view: View) -> Iterator[Finding]:
    """Infinite numbers (an error) and NaN (a warning) in the fields of a catalogue."""
    for side in view.sides():
        for column in side.fields.get_columns():
            if column.dtype.is_float():
                yield from _numbers(side, column.name, column.is_infinite(), "infinite")
                yield from _numbers(side, column.name, column.is_nan(), "NaN rather than empty")


def _numbers(side: SideView, field: str, wrong: pl.Series, what: str) -> Iterator[Finding]:
    rows = wrong.fill_null(False).arg_true()
    if len(rows):
        yield Finding(
            "infinite-numbers" if what == "infinite" else "nan-numbers",
            "error" if what == "infinite" else "warning",
            f"{counted(len(rows), 'value is', 'values are')} {what}",
            side.place.column(field),
            len(rows),
            side.examples(rows),
            "mend the source: leave the field empty where nothing is known",
        )
