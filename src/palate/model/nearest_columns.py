"""Each candidate listens to its nearest items: which they are is found where a history asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from scipy import sparse

from palate.arrays import Doubles, Floats, Mask, Rows, Sparse
from palate.model.counted import LiveRows
from palate.model.pair_sums import PairSums
from palate.model.strongest import strongest

Formula: TypeAlias = Callable[[Rows, Rows, Doubles], Floats]
"""(item of the history [n], candidate [n], their sum [n]) -> float32 [n], similarity."""


@dataclass(frozen=True, eq=False)
class Nearest(LiveRows):
    """Similarities of which each column keeps its largest ones.

    What a column keeps is two numbers: the least similarity, and the last row that is kept of those
    equal to it. They are found when the column is first looked at; nothing else of B is stored.

    Attributes:
        sums: Symmetric.
        neighbours: How many a column keeps; of equal ones the lower rows.
        formula: Similarity from sums.
    """

    sums: PairSums
    neighbours: int
    formula: Formula
    _limits: _Limits = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_limits", _Limits.none(self.n_items))

    @property
    def n_items(self) -> int:
        """Number of items."""
        return self.sums.n_items

    def rows(self, items: Rows) -> Sparse:
        """float32 CSR [n, n_items], the rows of B of `items` [n]."""
        S = self._similar(items, by_column=False)
        known = self._limits.of(np.unique(S.indices), self._find)
        row = np.repeat(items, np.diff(S.indptr))
        S.data[~known.keep(row, S.indices, S.data)] = 0
        S.eliminate_zeros()
        return S

    def _similar(self, items: Rows, by_column: bool) -> Sparse:
        """float32 CSR [n, n_items], rows of all similarities, or columns as rows; 0 of an item with
        itself.
        """
        G = self.sums.rows(items)
        one, other = np.repeat(items, np.diff(G.indptr)), G.indices
        source, target = (other, one) if by_column else (one, other)
        data = np.where(one == other, np.float32(0), self.formula(source, target, G.data))
        S = sparse.csr_matrix((data, G.indices, G.indptr), shape=G.shape)
        S.eliminate_zeros()
        return S

    def _find(self, columns: Rows) -> tuple[Floats, Rows]:
        """The least similarity that each of `columns` keeps, and the last row of those equal."""
        kept = strongest(self._similar(columns, by_column=True), self.neighbours)
        full = np.flatnonzero(np.diff(kept.indptr) >= self.neighbours)
        least = np.full(len(columns), -np.inf, np.float32)
        last = np.zeros(len(columns), np.int32)
        for place in full:
            span = slice(kept.indptr[place], kept.indptr[place + 1])
            least[place] = kept.data[span].min()
            last[place] = kept.indices[span][kept.data[span] == least[place]].max()
        return least, last


@dataclass(eq=False)
class _Limits:
    """What columns keep, as far as it is known. Written to as columns are looked at; two readers
    who find the same column write the same numbers.
    """

    least: Floats
    last: Rows
    known: Mask

    @classmethod
    def none(cls, n_items: int) -> _Limits:
        return cls(
            np.zeros(n_items, np.float32), np.zeros(n_items, np.int32), np.zeros(n_items, np.bool_)
        )

    def of(self, columns: Rows, find: Callable[[Rows], tuple[Floats, Rows]]) -> _Limits:
        """These, with `columns` [n] among them."""
        missing = columns[~self.known[columns]].astype(np.int32)
        if len(missing):
            self.least[missing], self.last[missing] = find(missing)
            self.known[missing] = True
        return self

    def keep(self, row: Rows, column: Rows, similarity: Floats) -> Mask:
        """bool [n], which of these numbers their columns keep."""
        least = self.least[column]
        return np.asarray(
            (similarity > least) | ((similarity == least) & (row <= self.last[column])), np.bool_
        )
