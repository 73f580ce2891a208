"""The catalogue as it is now: the run's items in their rows, and behind them what came since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import polars as pl

from palate.arrays import Rows
from palate.errors import BadInput, PalateError, nearest, raise_all
from palate.serve.records.items import FieldValue, ItemRecord
from palate.tables import Catalogue, Vocabulary
from palate.tables.catalogue import as_text

_NO_VALUE: Final = (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError)


@dataclass(frozen=True, eq=False)
class Items:
    """All items, one row each; rows never move.

    Attributes:
        catalogue: Ids and fields.
        n_known: Items of the run, whose rows come first.
        unavailable: int32, rows that are never recommended: hidden, deleted or forgotten items.
        deleted: Rows of items that are gone.
        pinned: Rows of items that lead the lists that they may be on.
        names: What people call each item, null for one without a name; None where no field says so.
    """

    catalogue: Catalogue
    n_known: int
    unavailable: Rows
    deleted: frozenset[int] = frozenset()
    names: pl.Series | None = None
    pinned: frozenset[int] = frozenset()

    def row(self, item: str) -> int | None:
        """Row of an item that is not deleted; None where there is none."""
        row = self.catalogue.items.row_of.get(item)
        return None if row is None or row in self.deleted else row

    def rows(self, items: list[str]) -> Rows:
        """int32, rows of those of the ids that are known."""
        found = (self.row(item) for item in items)
        return np.array([row for row in found if row is not None], np.int32)

    def fields(self, row: int) -> dict[str, Any]:
        """Field -> value of an item, without what is not known of it."""
        if not self.catalogue.fields.width:
            return {}
        values = self.catalogue.fields.row(row, named=True)
        return {name: value for name, value in values.items() if value is not None}

    def title(self, row: int) -> str:
        """What people call an item; empty where no field says so."""
        if self.names is None:
            return ""
        return self.names[row] or self.catalogue.items.ids[row]

    def new(self) -> Catalogue:
        """The items that came after the run, alone."""
        ids, fields = self.catalogue.items.ids[self.n_known :], self.catalogue.fields
        own = fields[self.n_known :] if fields.width else fields
        return Catalogue(Vocabulary(ids), own, self.catalogue.folder)

    def available(self, records: Mapping[str, ItemRecord], forgotten: Rows) -> Items:
        """The same rows, with those off that the records hide or delete, and those pinned that they
        pin; records of items that have no row yet are passed over.

        Args:
            records: Id -> what was said since the run.
            forgotten: int32, rows of items that were taken out of the run.
        """
        row_of = self.catalogue.items.row_of
        known = [record for record in records.values() if record.item in row_of]
        off = [row_of[r.item] for r in known if r.hidden or r.deleted]
        unavailable = np.unique(np.concatenate([forgotten, np.array(off, np.int32)]))
        deleted = frozenset(row_of[r.item] for r in known if r.deleted)
        gone = deleted | frozenset(forgotten.tolist())
        pinned = frozenset(row_of[r.item] for r in known if r.pinned)
        unavailable = unavailable.astype(np.int32)
        return replace(self, unavailable=unavailable, deleted=gone, pinned=pinned)

    @cached_property
    def unavailable_set(self) -> frozenset[int]:
        """The rows that are never recommended."""
        return frozenset(self.unavailable.tolist())


def items_now(
    run: Catalogue, records: Mapping[str, ItemRecord], forgotten: Rows, title_field: str = ""
) -> Items:
    """The catalogue of a run after all that was said of its items since.

    Args:
        run: The run's catalogue.
        records: Id -> what was said, in the order in which items first were spoken of.
        forgotten: int32, rows of items that were taken out of the run.
        title_field: The field that names an item; empty where none does.
    """
    new = [record for item, record in records.items() if item not in run.items.row_of]
    catalogue = run
    if new:
        fields = {
            name: _known(name, [record.fields.get(name) for record in new], dtype)
            for name, dtype in run.fields.schema.items()
        }
        catalogue = run.grown([record.item for record in new], _frame(fields, len(new)))
    changed = {
        run.items.row_of[item]: record.fields
        for item, record in records.items()
        if item in run.items.row_of and record.fields
    }
    if changed:
        catalogue = Catalogue(
            catalogue.items, _changed(catalogue.fields, changed), catalogue.folder
        )
    none: Rows = np.zeros(0, np.int32)
    names = as_text(catalogue.column(title_field)) if title_field else None
    return Items(catalogue, len(run), none, names=names).available(records, forgotten)


def check_fields(run: Catalogue, fields: Mapping[str, FieldValue]) -> None:
    """Refuse fields that the run's catalogue does not have, and values of another type.

    Raises:
        BadInput: One of them; all problems together.
    """
    problems: list[PalateError] = []
    for name, value in fields.items():
        if name not in run.fields.columns:
            problems.append(
                BadInput(
                    f'the catalogue has no field "{name}"',
                    where=f"fields.{name}",
                    allowed=", ".join(run.fields.columns) or "none: the run had no catalogue",
                    next_step=nearest(name, run.fields.columns),
                )
            )
            continue
        try:
            _one(name, value, run.fields.schema[name])
        except _NO_VALUE:
            problems.append(
                BadInput(
                    f"{value!r} does not fit the field",
                    where=f"fields.{name}",
                    allowed=f"values of the type {run.fields.schema[name]}, or null",
                )
            )
    raise_all(problems)


def _one(name: str, value: FieldValue, dtype: Any) -> pl.Series:
    """One value as JSON has it, in the type of the field; dates may be written as text."""
    try:
        return pl.Series(name, [value], dtype=dtype, strict=True)
    except (TypeError, pl.exceptions.PolarsError):
        return pl.Series(name, [value]).cast(dtype, strict=True)


def _known(name: str, values: list[FieldValue], dtype: Any) -> pl.Series:
    """Values that were looked at when they came; of what an earlier run knew as something else,
    nothing is known.
    """
    columns = [pl.Series(name, [], dtype=dtype)]
    for value in values:  # each by itself: 3 and "3" are both a text, but no column of texts
        try:
            columns.append(_one(name, value, dtype))
        except _NO_VALUE:
            columns.append(pl.Series(name, [None], dtype=dtype))
    return pl.concat(columns)


def _frame(columns: Mapping[str, pl.Series], n_rows: int) -> pl.DataFrame:
    return pl.DataFrame(columns) if columns else pl.DataFrame(height=n_rows)


def _changed(fields: pl.DataFrame, changed: Mapping[int, Mapping[str, FieldValue]]) -> pl.DataFrame:
    """The fields with other values in some rows."""
    names = dict.fromkeys(name for values in changed.values() for name in values)
    columns = []
    for name in names:
        if name not in fields.columns:  # of an earlier run, which knew more of its items
            continue
        rows = [row for row, values in changed.items() if name in values]
        new = _known(name, [changed[row][name] for row in rows], fields.schema[name])
        # taken from the old values with the new ones behind them: works for every type of field
        index = np.arange(fields.height)
        index[rows] = fields.height + np.arange(len(rows))
        columns.append(pl.concat([fields[name], new]).gather(index))
    return fields.with_columns(columns)
