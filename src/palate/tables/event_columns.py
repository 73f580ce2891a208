"""The columns that a log may have besides user, item, value and time: from events, and checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import polars as pl

from palate.arrays import Floats, Longs, Rows
from palate.errors import BadInput
from palate.tables.coded import Coded
from palate.tables.columns import LOG_COLUMNS
from palate.tables.event import ContextValue, Event

UNKNOWN_POSITION: Final = 0
"""In a column of positions: unknown."""

CONTEXT_TYPES: Final = (pl.String, pl.Int64, pl.Float64, pl.Boolean)
"""What a column of the context may hold."""


def times_of(events: Sequence[Event]) -> Longs | None:
    """int64 [n_rows]; None where no event has a time.

    Raises:
        BadInput: Some have one and some do not, so that they have no order.
    """
    times = [e.time for e in events if e.time is not None]
    if times and len(times) < len(events):
        raise BadInput(
            f"{len(events) - len(times):,} of {len(events):,} events have no time",
            where="event.time",
            allowed="a time for every event, or for none",
        )
    return np.array(times, np.int64) if times else None


def names_of(names: Sequence[str]) -> Coded | None:
    """The column of actions or requests; None where all are empty."""
    return Coded.of([name or None for name in names]) if any(names) else None


def positions_of(events: Sequence[Event]) -> Rows | None:
    """int32 [n_rows], 0 where unknown; None where no event has a position."""
    if all(e.position is None for e in events):
        return None
    return np.array([e.position or UNKNOWN_POSITION for e in events], np.int32)


def propensities_of(events: Sequence[Event]) -> Floats | None:
    """float32 [n_rows], NaN where unknown; None where no event has a propensity."""
    if all(e.propensity is None for e in events):
        return None
    return np.array([np.nan if e.propensity is None else e.propensity for e in events], np.float32)


def context_of(events: Sequence[Event]) -> pl.DataFrame | None:
    """One column for each name of a context, null where an event does not have it; None without
    any.

    Raises:
        BadInput: A name holds values of kinds that do not go together, such as text and numbers.
    """
    names = dict.fromkeys(name for e in events for name in e.context)
    if not names:
        return None
    return pl.DataFrame([_column(name, [e.context.get(name) for e in events]) for name in names])


def check_columns(
    n_rows: int, position: Rows | None, propensity: Floats | None, context: pl.DataFrame | None
) -> None:
    """Say so if a column holds what it cannot mean.

    Raises:
        BadInput: A position below 0, a propensity outside (0, 1], or a context that does not stand
            beside the `n_rows` events, has the name of another column or lists as values.
    """
    if position is not None and len(position) and position.min() < UNKNOWN_POSITION:
        raise BadInput(
            f"the position {position.min()}",
            where="interactions.position",
            allowed="1 for the top of the list, and 0 where unknown",
        )
    if propensity is not None:
        wrong = np.flatnonzero(~(((propensity > 0) & (propensity <= 1)) | np.isnan(propensity)))
        if len(wrong):
            raise BadInput(
                f"the propensity {propensity[wrong[0]]:g}",
                where="interactions.propensity",
                allowed="above 0 and at most 1, and NaN where unknown",
            )
    if context is not None:
        _check_context(n_rows, context)


def contexts(frame: pl.DataFrame | None, n_rows: int) -> list[dict[str, ContextValue]]:
    """The context of each event [n_rows], without what it does not have."""
    if frame is None:
        return [{} for _ in range(n_rows)]
    rows = frame.fill_nan(None).iter_rows(named=True)
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def _check_context(n_rows: int, context: pl.DataFrame) -> None:
    if context.height != n_rows:
        raise BadInput(
            f"{n_rows} events and {context.height} rows of context", where="interactions.context"
        )
    taken = [name for name in context.columns if name in LOG_COLUMNS]
    if taken:
        raise BadInput(
            f'a column of the context is called "{taken[0]}", which is a column of the log',
            where="interactions.context",
            next_step="rename it",
        )
    odd = [name for name, dtype in context.schema.items() if dtype not in CONTEXT_TYPES]
    if odd:
        raise BadInput(
            f'"{odd[0]}" is of type {context.schema[odd[0]]}',
            where="interactions.context",
            allowed="String, Int64, Float64 or Boolean",
        )


def _column(name: str, values: Sequence[ContextValue | None]) -> pl.Series:
    kinds = {type(v) for v in values if v is not None}
    dtype: Any = None
    if kinds == {bool}:
        dtype = pl.Boolean
    elif kinds == {str}:
        dtype = pl.String
    elif kinds == {int}:
        dtype = pl.Int64
    elif kinds <= {int, float}:
        dtype = pl.Float64
    if dtype is None:
        listed = " and ".join(sorted(kind.__name__ for kind in kinds))
        raise BadInput(
            f"values of the types {listed}",
            where=f"event.context.{name}",
            allowed="one kind of value under one name",
        )
    return pl.Series(name, values, dtype=dtype, strict=False)
