"""What is known about each item: its words, fields and pictures, one row an item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from palate.errors import BadInput, BadRecipe, nearest
from palate.tables.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Fields of the items, aligned with the item vocabulary.

    Attributes:
        items: Vocabulary of all items.
        fields: One row an item, in the vocabulary's order, without the id; null where nothing is
            known.
        folder: Folder that names of files in the fields start from: that of the file it was read
            from; else the current one.
    """

    items: Vocabulary
    fields: pl.DataFrame
    folder: Path = Path()

    def __post_init__(self) -> None:
        if self.fields.width and self.fields.height != len(self.items):
            raise BadInput(
                f"{self.fields.height} rows of fields for {len(self.items)} items",
                where="catalogue",
                next_step="give one row for each item, in the vocabulary's order",
            )

    def __len__(self) -> int:
        return len(self.items)

    def grown(self, ids: Sequence[str], fields: pl.DataFrame) -> Catalogue:
        """The same items in their rows, and behind them new ones.

        Args:
            ids: [m], none of them known.
            fields: [m] rows of what is known of them; a field that is missing is null, one that
                this catalogue does not have is left out.

        Raises:
            BadInput: An id is known already or occurs twice, or the rows are not as many.
        """
        new = Vocabulary(tuple(ids))
        known = [name for name in ids if name in self.items.row_of]
        if known:
            raise BadInput(
                f'"{known[0]}" is an item of the catalogue already',
                where="new items",
                allowed="ids that the catalogue does not have",
            )
        if fields.height != len(new):
            raise BadInput(f"{fields.height} rows for {len(new)} new items", where="new items")
        own = fields.select(name for name in self.fields.columns if name in fields.columns)
        if self.fields.width:
            typed = own.cast({name: self.fields.schema[name] for name in own.columns})
            empty = pl.DataFrame(schema=self.fields.schema)
            filled = pl.concat([empty, typed], how="diagonal") if own.width else None
            rows = self.fields.clear(len(new)) if filled is None else filled
            return replace(self, items=self.items.grown(ids), fields=self.fields.vstack(rows))
        return replace(self, items=self.items.grown(ids))

    def column(self, field: str, where: str = "fields") -> pl.Series:
        """One field.

        Raises:
            BadRecipe: The catalogue has no such field.
        """
        if field not in self.fields.columns:
            raise BadRecipe(
                f'the catalogue has no field "{field}"',
                where=where,
                allowed=", ".join(self.fields.columns) or "none: no catalogue was given",
                next_step=nearest(field, self.fields.columns),
            )
        return self.fields[field]

    def texts(self, fields: Sequence[str], separator: str = ". ") -> list[str | None]:
        """One text an item: the fields joined, lists by commas; None where all are empty.

        Raises:
            BadRecipe: The catalogue has no such field.
        """
        columns = [as_text(self.column(f)).to_list() for f in fields]
        if not columns:
            return [None] * len(self)
        joined = (separator.join(p for p in parts if p) for parts in zip(*columns, strict=True))
        return [text or None for text in joined]


def as_text(column: pl.Series) -> pl.Series:
    """A column as stripped text; lists are joined by ", ", an empty text becomes null."""
    if column.dtype in (pl.List, pl.Array):
        column = column.cast(pl.List(pl.String)).list.join(", ", ignore_nulls=True)
    text = column.cast(pl.String).str.strip_chars()
    return text.set(text == "", None)
