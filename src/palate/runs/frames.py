"""Rows of a run as a frame: one column a field, and three for what a model is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any, TypeAlias

import polars as pl

from palate.tables.variant import Variant

Value: TypeAlias = str | int | float | bool | None


def frame(rows: Sequence[Any]) -> pl.DataFrame:
    """Frozen rows as a frame.

    A field `x` with a variant becomes `x_of`, `x_kind` and `x_changed` (names joined by a comma),
    so that the frame can be written to any format.

    >>> from palate.runs.rows import Stage
    >>> frame([Stage("read", 1.5)]).columns
    ['stage', 'seconds', 'peak_mb']
    """
    return pl.DataFrame([_flat(row) for row in rows], infer_schema_length=None)


def _flat(row: Any) -> dict[str, Value]:
    if not is_dataclass(row):
        raise TypeError(f"{type(row).__name__} is no row of a run")
    found: dict[str, Value] = {}
    for one in fields(row):
        value = getattr(row, one.name)
        if isinstance(value, Variant):
            found[f"{one.name}_of"] = value.of
            found[f"{one.name}_kind"] = value.kind
            found[f"{one.name}_changed"] = ", ".join(value.changed)
        else:
            found[one.name] = ", ".join(value) if isinstance(value, tuple) else value
    return found
