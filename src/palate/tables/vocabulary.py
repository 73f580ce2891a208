"""The only bridge between an id (a name from outside) and a row (our int32 number)."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from palate.arrays import Rows
from palate.errors import BadInput


@dataclass(frozen=True)
class Vocabulary:
    """Distinct ids in a fixed order; the row of an id is its place.

    Attributes:
        ids: The ids as text, no two the same.

    >>> v = Vocabulary.of(["b", "a", "b"])
    >>> v.rows(["a", "zzz"]).tolist()
    [1, -1]
    """

    ids: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.row_of) != len(self.ids):
            twice = next(name for row, name in enumerate(self.ids) if self.row_of[name] != row)
            raise BadInput(
                f'the id "{twice}" occurs twice',
                allowed="distinct ids",
                next_step="use Vocabulary.of",
            )

    @classmethod
    def of(cls, ids: Iterable[Any]) -> Vocabulary:
        """The distinct ids, in the order of their first appearance, as text.

        Raises:
            BadInput: An id is None.
        """
        few = (
            ids.unique(maintain_order=True)
            if isinstance(ids, pl.Series) and _is_plain(ids)
            else ids
        )
        distinct = dict.fromkeys(few)
        if None in distinct:
            raise BadInput(
                "an id is missing",
                allowed="text or numbers",
                next_step="drop the rows without an id",
            )
        return cls(tuple(dict.fromkeys(map(str, distinct))))

    def grown(self, ids: Iterable[Any]) -> Vocabulary:
        """The same rows, and behind them one for each id that is not among them, in the order of
        appearance.

        >>> Vocabulary.of(["b", "a"]).grown(["c", "a", 7]).ids
        ('b', 'a', 'c', '7')

        Raises:
            BadInput: An id is None.
        """
        new = (name for name in Vocabulary.of(ids).ids if name not in self.row_of)
        return Vocabulary((*self.ids, *new))

    def __len__(self) -> int:
        return len(self.ids)

    def __reduce__(self) -> tuple[type[Vocabulary], tuple[tuple[str, ...]]]:
        return type(self), (
            self.ids,
        )  # to a worker process travel the ids alone; row_of is made there

    @cached_property
    def row_of(self) -> dict[str, int]:
        """id -> row."""
        return {name: row for row, name in enumerate(self.ids)}

    def rows(self, ids: Sequence[Any] | pl.Series) -> Rows:
        """int32 row of each id; -1 for an id that is missing (None) or not in the vocabulary."""
        if isinstance(ids, pl.Series) and _is_plain(ids):
            return self._joined(ids)
        row_of = self.row_of
        return np.fromiter(
            (-1 if i is None else row_of.get(str(i), -1) for i in ids), np.int32, len(ids)
        )

    def _joined(self, ids: pl.Series) -> Rows:
        # as a join, which is ten times quicker than asking a dictionary for a long column
        known = pl.DataFrame(
            {
                "id": pl.Series(self.ids, dtype=pl.String),
                "row": np.arange(len(self), dtype=np.int32),
            }
        )
        ids_in_order = pl.DataFrame({"id": ids.cast(pl.String)})
        return (
            ids_in_order.join(known, on="id", how="left", maintain_order="left")["row"]
            .fill_null(-1)
            .to_numpy(writable=True)
        )

    def known_rows(self, ids: Sequence[Any] | pl.Series, what: str = "id") -> Rows:
        """Like `rows`, but an unknown id is an error.

        Raises:
            BadInput: At least one id is not in the vocabulary.
        """
        rows = self.rows(ids)
        unknown = np.flatnonzero(rows < 0)
        if len(unknown):
            raise BadInput(
                f'{len(unknown)} unknown {what}, the first is "{ids[int(unknown[0])]}"',
                where=f"row {int(unknown[0]) + 1}",
                allowed=f"the {len(self)} {what}s of the data, such as {', '.join(self.ids[:3])}",
            )
        return rows

    def nameless(self, ids: Collection[str], what: str) -> Vocabulary:
        """The same rows, with a name that leads nowhere in place of each of `ids`.

        >>> Vocabulary.of(["a", "b"]).nameless(["a"], "item").ids
        ('(forgotten item 1)', 'b')
        """
        free = (f"(forgotten {what} {number})" for number in itertools.count(1))
        new = (name for name in free if name not in self.row_of)
        return Vocabulary(tuple(next(new) if name in ids else name for name in self.ids))

    def names(self, rows: NDArray[Any]) -> list[str]:
        """The ids of rows [n]; -1 is no row and an IndexError here, not the last one's."""
        if len(rows) and rows.min() < 0:
            raise IndexError(f"there is no row {rows.min()}")
        return [self.ids[r] for r in rows.tolist()]


def _is_plain(ids: pl.Series) -> bool:
    """Whether polars and Python write these ids as the same text."""
    return ids.dtype == pl.String or ids.dtype.is_integer()
