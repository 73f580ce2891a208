"""Numbers of pairs of items that are added to, event by event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from palate.arrays import Doubles, Longs, Rows, Sparse
from palate.model.levels import added
from palate.model.similarity import padded_square

QUANTUM = 2.0**-32
"""Weights are whole multiples of this one. So their sums in float64 are exact up to 2^21 whatever
the order, and what is taken away again leaves nought: counting on gives the numbers of counting
all."""


def quantised(weights: NDArray[Any] | Sequence[float] | float) -> Doubles:
    """float64, the nearest multiples of QUANTUM."""
    return np.asarray(np.round(np.asarray(weights, np.float64) / QUANTUM) * QUANTUM, np.float64)


@dataclass(frozen=True, eq=False)
class Change:
    """What some events add to the numbers.

    Attributes:
        pairs: float64 CSR [n_items, n_items], to be added; negative where something goes.
        totals: int64 [m], to be added to the totals.
    """

    pairs: Sparse
    totals: Longs

    @classmethod
    def of_pairs(cls, pairs: Sparse) -> Change:
        """No totals."""
        return cls(pairs, np.zeros(0, np.int64))


@dataclass(frozen=True, eq=False)
class PairSums:
    """A number for each pair of items, as a sum of sparse matrices in levels; see `levels`.

    Attributes:
        levels: float64 CSR [n_items, n_items], largest first, at least one.
        totals: int64 [m], numbers of the whole log.
    """

    levels: tuple[Sparse, ...]
    totals: Longs

    @classmethod
    def of(cls, change: Change) -> PairSums:
        """The numbers of a first change."""
        return cls((change.pairs,), change.totals)

    @property
    def n_items(self) -> int:
        """Number of items."""
        return int(self.levels[0].shape[0])

    def plus(self, change: Change) -> PairSums:
        """The numbers with a change; these stay."""
        levels = added(self.levels, change.pairs, _size, _sum) if change.pairs.nnz else self.levels
        return PairSums(levels, self.totals + change.totals)

    def grown(self, n_items: int) -> PairSums:
        """The same with further items, all numbers of which are 0."""
        if n_items == self.n_items:
            return self
        return PairSums(tuple(padded_square(level, n_items) for level in self.levels), self.totals)

    def rows(self, items: Rows) -> Sparse:
        """float64 CSR [n, n_items], the numbers of `items` [n] with all others."""
        first, *rest = (level[items] for level in self.levels)
        return sparse.csr_matrix(sum(rest, first))

    def own(self) -> Doubles:
        """float64 [n_items], the number of each item with itself."""
        return np.asarray(sum(level.diagonal() for level in self.levels), np.float64)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All numbers, to be stored, as one matrix."""
        first, *rest = self.levels
        whole = sparse.csr_matrix(sum(rest, first))
        return {
            "sums.data": whole.data,
            "sums.indices": whole.indices,
            "sums.indptr": whole.indptr,
            "sums.totals": self.totals,
        }

    @classmethod
    def restored(cls, arrays: Mapping[str, NDArray[Any]]) -> PairSums | None:
        """The numbers that `arrays` came from; None where they hold none."""
        if "sums.data" not in arrays:
            return None
        data, indices, indptr = (arrays[f"sums.{name}"] for name in ("data", "indices", "indptr"))
        n = len(indptr) - 1
        whole = sparse.csr_matrix((data, indices, indptr), shape=(n, n))
        return cls((whole,), np.asarray(arrays["sums.totals"]))


def _size(level: Sparse) -> int:
    return int(level.nnz)


def _sum(older: Sparse, newer: Sparse) -> Sparse:
    both = sparse.csr_matrix(older + newer)
    both.eliminate_zeros()
    return both
