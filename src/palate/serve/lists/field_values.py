"""Which values of the catalogue's fields a list has more of than the catalogue."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from palate.arrays import Doubles, Longs, Rows
from palate.tables import Catalogue

FEWEST: Final = 5
"""Items that a value must have."""
LARGEST: Final = 0.5
"""Share of the catalogue that may have a value."""


class FieldValue(NamedTuple):
    """A value of a field, as a filter takes it."""

    field: str
    value: str


@dataclass(frozen=True, eq=False)
class FieldValues:
    """The values of fields that group items: of texts, and of lists of texts, that come again.

    Attributes:
        values: The values.
        row: int64 [n], an item that has a value.
        code: int64 [n], the value.
        n_items: Items of the catalogue.
    """

    values: tuple[FieldValue, ...]
    row: Longs
    code: Longs
    n_items: int

    @classmethod
    def of(cls, catalogue: Catalogue) -> FieldValues:
        """Look at every field once."""
        values, rows, codes = list[FieldValue](), [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for name, dtype in catalogue.fields.schema.items():
            if dtype not in (pl.String, pl.Categorical, pl.List(pl.String)):
                continue
            found = _groups(catalogue.fields[name], len(catalogue))
            for value, of in found.items():
                codes.append(np.full(len(of), len(values)))
                rows.append(of)
                values.append(FieldValue(name, value))
        return cls(tuple(values), np.concatenate(rows), np.concatenate(codes), len(catalogue))

    def leading(self, rows: Rows, most: int, without: Collection[str]) -> list[FieldValue]:
        """The values that stand out among the first items of a list, one of each field, the
        clearest first.

        Args:
            rows: int32 [n], a list, best first; earlier items count more.
            most: Values.
            without: Fields that are not looked at.
        """
        weight = np.zeros(self.n_items)
        weight[rows] = 1 / np.log2(np.arange(len(rows)) + 2)
        total = weight.sum()
        if not total or not self.values:
            return []
        n = len(self.values)
        here = np.bincount(self.code, weight[self.row], n) / total
        share = np.bincount(self.code, minlength=n) / self.n_items
        clear: Doubles = here * np.log(np.maximum(here, 1e-12) / share)
        best, fields = list[FieldValue](), set(without)
        for code in np.argsort(-clear, kind="stable").tolist():
            if clear[code] <= 0 or len(best) == most:
                break
            if self.values[code].field not in fields:
                best.append(self.values[code])
                fields.add(self.values[code].field)
        return best


def _groups(column: pl.Series, n_items: int) -> dict[str, Longs]:
    """Value -> int64, the items that have it; without values of few items or of nearly all."""
    frame = pl.DataFrame({"row": np.arange(len(column)), "value": column})
    if isinstance(column.dtype, pl.List):
        frame = frame.explode("value")
    frame = frame.drop_nulls().with_columns(pl.col("value").cast(pl.String)).unique()
    groups = frame.group_by("value", maintain_order=True).agg("row")
    sizes = pl.col("row").list.len()
    groups = groups.filter((sizes >= FEWEST) & (sizes <= LARGEST * n_items)).sort("value")
    return {
        value: np.sort(np.asarray(rows, np.int64)) for value, rows in groups.iter_rows() if value
    }
