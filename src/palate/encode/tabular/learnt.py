"""What is learnt of one field from the training items, and the columns that it gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import polars as pl
from scipy import sparse

from palate.arrays import Doubles, Matrix, Sparse

Values: TypeAlias = Doubles
"""float64 [n]; NaN where nothing is known."""


class Learnt(Protocol):
    """One field, learnt."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of its columns."""
        ...

    def encode(self, column: pl.Series) -> Matrix:
        """float32 [n, columns] for the field of all items."""
        ...


@dataclass(frozen=True)
class Scale:
    """A quantity: where it lies and how far it spreads among the training items.

    Attributes:
        centre: Subtracted.
        spread: Divided by; 1 where all are equal.
        median: Put in where nothing is known.
        clip: Scaled values beyond this are brought back to it.
        flagged: Whether some training items lack it, so that lacking it is a column of its own.
    """

    centre: float
    spread: float
    median: float
    clip: float
    flagged: bool

    @classmethod
    def of(cls, values: Values, robust: bool, clip: float) -> Scale:
        """Learn from the training items' values."""
        known = values[np.isfinite(values)]
        if not len(known):
            return cls(0.0, 1.0, 0.0, clip, bool(len(values)))
        low, median, high = np.percentile(known, [25, 50, 75])
        centre, spread = (median, (high - low) / 1.349) if robust else (known.mean(), known.std())
        if not spread > 0:
            spread = known.std() or 1.0
        return cls(float(centre), float(spread), float(median), clip, len(known) < len(values))

    def names(self, field: str) -> tuple[str, ...]:
        """Names of its one or two columns."""
        return (field, f"{field} is missing") if self.flagged else (field,)

    def apply(self, values: Values) -> Doubles:
        """float64 [n, 1 or 2]."""
        known = np.isfinite(values)
        filled = np.where(known, values, self.median)
        scaled = np.clip((filled - self.centre) / self.spread, -self.clip, self.clip)
        return np.column_stack([scaled, ~known] if self.flagged else [scaled])


@dataclass(frozen=True)
class Scaled:
    """Several quantities of one field, each scaled by itself.

    Attributes:
        parts: (name, scale) of each.
        read: Which reader turns the field into quantities.
    """

    parts: tuple[tuple[str, Scale], ...]
    read: Quantities

    @classmethod
    def learn(cls, column: pl.Series, read: Quantities, robust: bool, clip: float) -> Scaled:
        """Learn from the field of the training items."""
        return cls(tuple((name, Scale.of(v, robust, clip)) for name, v in read.read(column)), read)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of its columns."""
        return tuple(column for name, scale in self.parts for column in scale.names(name))

    def encode(self, column: pl.Series) -> Matrix:
        """float32 [n, columns]."""
        scales = dict(self.parts)
        return np.hstack([scales[name].apply(v) for name, v in self.read.read(column)]).astype(
            np.float32
        )


class Quantities(Protocol):
    """Turns a field into named quantities."""

    def read(self, column: pl.Series) -> list[tuple[str, Values]]:
        """(name, values [n]) of each quantity."""
        ...


@dataclass(frozen=True)
class Indicators:
    """Categories or labels: one column for each value that enough training items have.

    Attributes:
        field: Name of the field.
        known: The values that have a column.
        others: Whether rarer and new values share one column.
        separator: What parts several labels in one text; empty for a category.
    """

    field: str
    known: tuple[str, ...]
    others: bool
    separator: str

    @classmethod
    def learn(
        cls, column: pl.Series, separator: str, min_items: int, max_values: int
    ) -> Indicators:
        """Learn from the field of the training items."""
        counts = Counter(v for labels in labels_of(column, separator) for v in set(labels))
        frequent = sorted(
            (v for v, n in counts.items() if n >= min_items), key=lambda v: (-counts[v], v)
        )[:max_values]
        return cls(column.name, tuple(sorted(frequent)), len(frequent) < len(counts), separator)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of its columns."""
        names = [f"{self.field}={value}" for value in self.known]
        return tuple(names + ([f"{self.field}=(other)"] if self.others else []))

    def encode(self, column: pl.Series) -> Sparse:
        """float32 [n, columns], 1 where the item has the value."""
        place = {value: i for i, value in enumerate(self.known)}
        rows: list[int] = []
        columns: list[int] = []
        for row, labels in enumerate(labels_of(column, self.separator)):
            positions = {place.get(v, len(self.known)) for v in labels}
            kept = sorted(p for p in positions if p < len(self.columns))
            rows += [row] * len(kept)
            columns += kept
        shape = (len(column), len(self.columns))
        return sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)


def labels_of(column: pl.Series, separator: str) -> list[Sequence[str]]:
    """The labels of each item: the members of a list, the parts of a text, or its one value."""
    if isinstance(column.dtype, (pl.List, pl.Array)):
        return [
            [str(v).strip() for v in row if v is not None] if row is not None else []
            for row in column.to_list()
        ]
    texts = column.cast(pl.String).str.strip_chars().to_list()
    if separator:
        return [[p.strip() for p in t.split(separator) if p.strip()] if t else [] for t in texts]
    return [[t] if t else [] for t in texts]
