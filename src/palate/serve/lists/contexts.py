"""What is popular with those of one context: from one country, on one kind of device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, final

import numpy as np
import polars as pl

from palate.arrays import Doubles, Longs
from palate.serve.state.recent import RecentEvents, spelled
from palate.tables import Interactions

LEAST: Final = 50
"""Events of a context below which it says too little."""


@dataclass(frozen=True, eq=False)
class InContext:
    """Popularity in one context.

    Attributes:
        field: Of the context.
        value: Its value.
        counts: float64 [n_items], events with it, of the run's log and since.
    """

    field: str
    value: str
    counts: Doubles


@final
class Contexts:
    """Counts by context, of the run's log and of the last live events.

    Args:
        log: The run's log.
        recent: The last live events.
    """

    def __init__(self, log: Interactions, recent: RecentEvents) -> None:
        self._log, self._recent = log, recent
        self._in_run = lru_cache(64)(self._counted)

    def of(self, context: Mapping[str, Any], row_of: Mapping[str, int]) -> InContext | None:
        """Popularity for that field of a context which narrows most and still has enough events;
        None where the log has no such field or too little of each value.

        Args:
            context: Of a request.
            row_of: Item -> row, of all items, the run's first.
        """
        found = []
        for name, value in context.items():
            counts = self._counts(name, spelled(value), row_of)
            if counts.sum() >= LEAST:
                found.append(InContext(name, spelled(value), counts))
        return min(found, key=lambda one: float(one.counts.sum()), default=None)

    def known(self, name: str) -> bool:
        """Whether the log has that field."""
        frame = self._log.context
        return (frame is not None and name in frame.columns) or self._recent.has(name)

    def _counts(self, name: str, value: str, row_of: Mapping[str, int]) -> Doubles:
        counts = np.zeros(max(len(row_of), self._log.n_items))
        before = self._in_run(name, value)
        counts[: len(before)] = before
        for item, count in self._recent.counts((name, value)).items():
            row = row_of.get(item)
            if row is not None:
                counts[row] += count
        return counts

    def _counted(self, name: str, value: str) -> Longs:
        frame = self._log.context
        if frame is None or name not in frame.columns:
            return np.zeros(0, np.int64)
        column = frame[name]
        if column.dtype == pl.Boolean:
            texts = column.cast(pl.String)
        elif column.dtype.is_float():
            whole = column.cast(pl.Int64, strict=False)
            as_text = pl.when(whole.cast(pl.Float64) == column).then(whole.cast(pl.String))
            texts = pl.select(as_text.otherwise(column.cast(pl.String))).to_series()
        else:
            texts = column.cast(pl.String)
        chosen = (texts == value).fill_null(value=False).to_numpy()
        return np.bincount(self._log.item[chosen], minlength=self._log.n_items).astype(np.int64)
