"""From a wanted list in outside ids to a request of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from palate.arrays import Rows
from palate.errors import BadInput, nearest
from palate.pipeline.wishes import candidates
from palate.serve.engine.answers import Filter, ListRequest, Range
from palate.serve.engine.items import Items
from palate.tables import Histories, Request


def request_of(wanted: ListRequest, history: Histories, masked: bool, items: Items) -> Request:
    """The request.

    Args:
        wanted: What is wanted.
        history: One case.
        masked: Whether items of the history are left out.
        items: The catalogue as it is now.

    Raises:
        BadInput: A filter names a field or a value that the catalogue does not have.
    """
    allowed = chosen_rows(wanted, items)
    excluded = [items.unavailable, items.rows(list(wanted.exclude))]
    if masked:
        excluded.append(history.items.values)
    return Request(
        history, context=wanted.context, candidates=allowed, exclude=np.concatenate(excluded)
    )


def chosen_rows(wanted: ListRequest, items: Items) -> Rows | None:
    """int32, rows that candidates and filters allow; None where there are neither."""
    filters = [_condition(name, value, items) for name, value in wanted.filters.items()]
    allowed = candidates(items.catalogue, filters) if filters else None
    if wanted.candidates is None:
        return allowed
    rows = np.unique(items.rows(list(wanted.candidates)))
    return rows if allowed is None else np.intersect1d(rows, allowed).astype(np.int32)


def unknown_items(names: Sequence[str], items: Items) -> tuple[str, ...]:
    """Those that the catalogue does not have, once each."""
    return tuple(dict.fromkeys(name for name in names if items.row(name) is None))


def _condition(name: str, value: Filter, items: Items) -> Mapping[str, Any] | pl.Expr:
    if not isinstance(value, Range):
        return {name: value}
    fields = items.catalogue.fields
    if name not in fields.columns or not fields.schema[name].is_numeric():
        numbers = [n for n, dtype in fields.schema.items() if dtype.is_numeric()]
        raise BadInput(
            f'"{name}" is no field of numbers',
            where=f"filters.{name}",
            allowed=", ".join(numbers) or "none: the catalogue has no numbers",
            next_step=nearest(name, numbers),
        )
    column, inside = pl.col(name).cast(pl.Float64), pl.lit(True)
    if value.least is not None:
        inside = inside & (column >= value.least)
    if value.most is not None:
        inside = inside & (column <= value.most)
    return inside & column.is_not_null()
