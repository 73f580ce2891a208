"""Who did what with which item, when; one row an event, in the order of the source."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from palate.arrays import Floats, Longs, Rows, Sparse
from palate.errors import BadInput
from palate.tables.columns import ITEM, TIME, USER, VALUE
from palate.tables.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False)
class Interactions:
    """The log, in file order (which is what breaks ties of time).

    Attributes:
        users: Vocabulary of all users.
        items: Vocabulary of all items, those of the catalogue and those of the log.
        user: int32 [n_rows], row of the user.
        item: int32 [n_rows], row of the item.
        value: float32 [n_rows], rating or weight; 1 where the source has none.
        time: int64 [n_rows], seconds since 1970 UTC, or a rank that grows with time; None where
            unknown.
    """

    users: Vocabulary
    items: Vocabulary
    user: Rows
    item: Rows
    value: Floats
    time: Longs | None = None

    def __post_init__(self) -> None:
        columns = {"item": self.item, "value": self.value} | (
            {} if self.time is None else {"time": self.time}
        )
        for name, column in columns.items():
            if len(column) != len(self.user):
                raise BadInput(
                    f"{len(self.user)} users and {len(column)} of {name}",
                    where=f"interactions.{name}",
                )
        for name, rows, n in (("user", self.user, self.n_users), ("item", self.item, self.n_items)):
            if len(rows) and not 0 <= rows.min() <= rows.max() < n:
                raise BadInput(
                    f"rows from {rows.min()} to {rows.max()} of a vocabulary of {n}",
                    where=f"interactions.{name}",
                )

    def __len__(self) -> int:
        return len(self.user)

    @property
    def n_users(self) -> int:
        """Users of the vocabulary, whether they have a row here or not."""
        return len(self.users)

    @property
    def n_items(self) -> int:
        """Items of the vocabulary, whether they have a row here or not."""
        return len(self.items)

    def take(self, rows: NDArray[Any]) -> Interactions:
        """The given rows (indices or a mask); the vocabularies stay whole."""
        time = None if self.time is None else self.time[rows]
        return replace(
            self, user=self.user[rows], item=self.item[rows], value=self.value[rows], time=time
        )

    def in_time_order(self) -> Longs:
        """int64 [n_rows], row numbers from old to new; ties and missing times keep the file
        order.
        """
        if self.time is None:
            return np.arange(len(self), dtype=np.int64)
        return np.argsort(self.time, kind="stable")

    def has_clock(self) -> bool:
        """Whether the times are a clock that all users share, so that two users' events can be put
        in order.

        False without times, and where they are positions in each user's own sequence: no two events
        of a user at the same time, and nine users in ten beginning at the first position or close
        to it (cleaning may have taken the very first ones away).
        """
        if self.time is None:
            return False
        order = np.lexsort((self.time, self.user))
        user, time = self.user[order], self.time[order]
        same = user[1:] == user[:-1]
        firsts = time[np.concatenate([[True], ~same])] if len(time) else time
        if len(firsts) < 2 or bool(np.any(same & (time[1:] == time[:-1]))):
            return True
        near = firsts - time.min() <= 2
        return not (0 <= int(time.min()) <= 2 and bool(np.any(same)) and float(near.mean()) >= 0.9)

    def matrix(self) -> Sparse:
        """float32 [n_users, n_items], 1 where the user has at least one event with the item."""
        X = sparse.csr_matrix(
            (np.ones(len(self), np.float32), (self.user, self.item)),
            shape=(self.n_users, self.n_items),
        )
        X.data[:] = 1.0
        return X

    def item_counts(self) -> Longs:
        """int64 [n_items], events of each item."""
        return np.bincount(self.item, minlength=self.n_items).astype(np.int64)

    def frame(self) -> pl.DataFrame:
        """The long table with outside ids."""
        columns: dict[str, Any] = {
            USER: pl.Series(self.users.names(self.user), dtype=pl.String),
            ITEM: pl.Series(self.items.names(self.item), dtype=pl.String),
            VALUE: self.value,
        }
        if self.time is not None:
            columns[TIME] = self.time
        return pl.DataFrame(columns)
