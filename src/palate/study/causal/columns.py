"""Columns of a log -> treatment, outcome, what is held fixed, whose row it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from palate.arrays import Doubles, Rows
from palate.data.table import Table
from palate.errors import BadInput, nearest
from palate.evaluate.causal.observed import Observed
from palate.study.table_columns import (
    finite_numbers,
    known_column,
    refuse_missing,
    user_rows,
    usual_column,
)
from palate.tables.columns import ALIASES, USER

MOST_LEVELS: Final = 10
"""Different values of a treatment; with more, say from where on a row counts as treated."""
MOST_CATEGORIES: Final = 20
"""Values of a text column that are held fixed one by one; the rarer ones count as one."""


@dataclass(frozen=True)
class CausalColumns:
    """Which column is what.

    Attributes:
        treatment: What would be changed.
        outcome: What is of interest: a number, or yes and no.
        adjust: What is held fixed.
        user: Whose row it is; empty: the usual names, else each row its own.
        above: A row with a treatment above it counts as treated; None: each value is a level.
        reference: The level that others are compared with; empty: the first in order.
    """

    treatment: str
    outcome: str
    adjust: tuple[str, ...] = ()
    user: str = ""
    above: float | None = None
    reference: str = ""


def observed_of(table: Table, columns: CausalColumns) -> Observed:
    """The rows of a table.

    Numbers that are held fixed are standardised, and where one is missing the median stands in,
    beside a column that says so; text becomes a column for each of its 20 most frequent values.

    Raises:
        BadInput: A column is missing, has a value that is no number where one has to be, or a
            treatment has too many levels.
    """
    treatment, levels = _levels(table, columns)
    outcome = finite_numbers(table, columns.outcome, "outcome")
    held = [_covariates(known_column(table, name, "adjust")) for name in columns.adjust]
    n = len(outcome)
    covariates = np.concatenate([np.empty((n, 0)), *held], axis=1)
    user, _ = user_rows(table, columns.user or usual_column(table, ALIASES[USER]))
    return Observed(treatment, outcome, covariates, user, levels)


def segments(table: Table, name: str) -> tuple[NDArray[Any], tuple[str, ...]]:
    """int64 [n], the segment of each row; and the names of the segments, missing among them.

    Raises:
        BadInput: No such column, or over 50 different values.
    """
    column = known_column(table, name, "by").cast(pl.String).fill_null("missing")
    names = column.unique().sort().to_list()
    if len(names) > 50:
        raise BadInput(
            f"{len(names)} values",
            where=f"{table.name}, {name}",
            allowed="at most 50 segments",
            next_step="put values together in a column of their own",
        )
    return _codes(column, names), tuple(f"{name} = {one}" for one in names)


def _codes(column: pl.Series, names: Sequence[str]) -> NDArray[Any]:
    number = {one: k for k, one in enumerate(names)}
    return np.array([number[one] for one in column.to_list()], np.int64)


def _levels(table: Table, columns: CausalColumns) -> tuple[Rows, tuple[str, ...]]:
    name = columns.treatment
    column = known_column(table, name, "treatment")
    refuse_missing(table, column, "treatment")
    if columns.above is not None:
        over = finite_numbers(table, name, "treatment") > columns.above
        limit = f"{columns.above:g}"
        named = (f"{name} <= {limit}", f"{name} > {limit}")
        present = tuple(label for k, label in enumerate(named) if (over == k).any())
        return over.astype(np.int32) if len(present) == 2 else np.zeros(len(over), np.int32), (
            present
        )
    ordered = _in_order(column)
    if len(ordered) > MOST_LEVELS:
        raise BadInput(
            f"{len(ordered):,} different values of the treatment",
            where=f"{table.name}, {name}",
            allowed=f"at most {MOST_LEVELS} levels",
            next_step="--above NUMBER counts rows above it as treated",
        )
    reference = columns.reference or ordered[0]
    if reference not in ordered:
        raise BadInput(
            f'no row has the treatment "{reference}"',
            where="reference",
            allowed=", ".join(ordered),
            next_step=nearest(reference, ordered),
        )
    levels = (reference, *(one for one in ordered if one != reference))
    return _codes(column.cast(pl.String), levels).astype(np.int32), levels


def _in_order(column: pl.Series) -> list[str]:
    """The different values as text: by number where they are numbers, else by letter."""
    different = column.unique()
    numbers = _as_numbers(different)
    order = (different if numbers is None else numbers).arg_sort()
    return different.gather(order).cast(pl.String).to_list()


def _covariates(column: pl.Series) -> Doubles:
    """float64 [n, m], a column as numbers."""
    if column.dtype.is_temporal():
        column = column.cast(pl.Datetime("us")).dt.epoch("s")
    numbers = _as_numbers(column)
    return _one_hot(column.cast(pl.String)) if numbers is None else _scaled(numbers)


def _as_numbers(column: pl.Series) -> pl.Series | None:
    """The column as numbers, also where they are written as text; None where some value is none."""
    if column.dtype == pl.String:
        text = column.str.strip_chars().replace("", None)
        numbers = text.cast(pl.Float64, strict=False)
        return None if numbers.null_count() > text.null_count() else numbers
    return (
        column.cast(pl.Float64) if column.dtype.is_numeric() or column.dtype == pl.Boolean else None
    )


def _scaled(column: pl.Series) -> Doubles:
    values = column.fill_nan(None)
    values = values.set(values.is_infinite().fill_null(value=False), None)
    gone = values.is_null().to_numpy()
    known = values.drop_nulls()
    middle = float(np.median(known.to_numpy())) if len(known) else 0.0
    x = values.fill_null(middle).to_numpy().astype(np.float64)
    spread = float(x.std())
    x = (x - x.mean()) / spread if spread > 0 else np.zeros(len(x))
    return np.stack([x, gone.astype(np.float64)] if gone.any() else [x], axis=1)


def _one_hot(column: pl.Series) -> Doubles:
    counted = column.fill_null("missing").value_counts(sort=True, name="n")
    frequent = counted.get_column(column.name).to_list()[: MOST_CATEGORIES + 1]
    text = column.fill_null("missing")
    # the last one is left out: the others say as much, and a line needs no column twice
    shown = frequent[:-1] if len(frequent) <= MOST_CATEGORIES else frequent[:MOST_CATEGORIES]
    hot = [(text == one).to_numpy().astype(np.float64) for one in shown]
    return np.stack(hot, axis=1) if hot else np.empty((len(column), 0))
