"""Similarities that are counted: the events behind them are kept, and more can be counted on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from palate.arrays import Doubles, Floats, Longs, Rows, Sparse, dense
from palate.capabilities import PartialScores
from palate.errors import BadInput, Refused
from palate.growth import padded
from palate.model.pair_sums import PairSums
from palate.model.partial_scores import FewScores
from palate.model.similarity import Padded, Similarity, Thin
from palate.model.sorted_events import SortedEvents
from palate.tables import Interactions


class LiveRows(ABC):
    """A similarity that is worked out row by row when it is needed; authors write `rows`."""

    @property
    @abstractmethod
    def n_items(self) -> int:
        """Number of items."""

    @abstractmethod
    def rows(self, items: Rows) -> Sparse:
        """float32 CSR [n, n_items], the rows of B of `items` [n], distinct and ascending."""

    def spread(self, W: Sparse) -> Floats:
        """float32 [n_cases, n_items], W @ B."""
        return dense(self._product(sparse.csr_matrix(W)))

    def partly(self, W: Sparse) -> PartialScores:
        """W @ B at single places."""
        return FewScores(self._product(W))

    def pairs(self, source: Rows, target: Rows) -> Doubles:
        """float64 [n], B at each pair."""
        items, place = np.unique(source, return_inverse=True)
        found = self.rows(items.astype(np.int32))
        return np.asarray(found[place, target] if len(source) else [], np.float64).ravel()

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All numbers, worked out."""
        return Thin(self.rows(np.arange(self.n_items, dtype=np.int32))).arrays()

    def _product(self, W: Sparse) -> Any:
        items, place = np.unique(W.indices, return_inverse=True)
        few = sparse.csr_matrix((W.data, place, W.indptr), shape=(W.shape[0], len(items)))
        found: Any = few @ self.rows(items.astype(np.int32))
        return found


@dataclass(frozen=True, eq=False)
class Counted:
    """A similarity with what it was counted from.

    Attributes:
        B: The similarity.
        events: What was counted.
        sums: The numbers before they were scaled, of so many items as there were then; None: they
            are counted when they are first needed, since most models are never updated and a log is
            smaller than its pairs.
    """

    B: Similarity
    events: SortedEvents
    sums: PairSums | None = None

    @property
    def n_items(self) -> int:
        """Number of items."""
        return self.B.n_items

    def spread(self, W: Sparse) -> Floats:
        """float32 [n_cases, n_items], W @ B."""
        return self.B.spread(W)

    def partly(self, W: Sparse) -> PartialScores:
        """W @ B at single places."""
        return self.B.partly(W)

    def pairs(self, source: Rows, target: Rows) -> Doubles:
        """float64 [n], B at each pair."""
        return self.B.pairs(source, target)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """B, and what it was counted from."""
        sums = {} if self.sums is None else self.sums.arrays()
        return {**self.B.arrays(), **self.events.arrays(), **sums}

    @cached_property
    def item_counts(self) -> Longs:
        """int64 [n_items], events of each item."""
        found = np.zeros(self.n_items, np.int64)
        for level in self.events.whole:
            found += np.bincount(level.item, minlength=self.n_items)
        return found


def counted(similarity: Similarity) -> Counted:
    """The similarity with what it was counted from, for all items that it has by now.

    Raises:
        Refused: It was stored by a palate that did not keep it.
    """
    known, n_items = similarity, similarity.n_items
    if isinstance(known, Padded):
        known = known.known
    if not isinstance(known, Counted):
        raise not_kept()
    return known if n_items == known.n_items else replace(known, B=similarity)


def not_kept() -> Refused:
    """The error for a model that cannot take new events."""
    return Refused(
        "this model was stored without the events that it was counted from, so it cannot be"
        " updated",
        next_step="fit it again; what is stored from now on can be updated",
    )


def check_events(events: Interactions, n_items: int) -> None:
    """Refuse events with items that the model has no row for.

    Raises:
        BadInput: An item row is n_items or more.
    """
    if len(events) and int(events.item.max()) >= n_items:
        row = int(events.item.max())
        raise BadInput(
            f"an event with item row {row} for a model of {n_items} items",
            where="events.item",
            allowed=f"0 to {n_items - 1}",
            next_step="grow the model with the catalogue first (palate.growth), then update it",
        )


def counts_with(counts: Longs, events: Interactions, n_items: int) -> Longs:
    """int64 [n_items], the counts [n] of items and one more for each event."""
    more: Longs = padded(counts, n_items)
    return more + np.bincount(events.item, minlength=n_items)
