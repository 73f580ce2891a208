"""Steps of a random walk from entities to the training items that have them, and on to their
entities.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from palate.arrays import Doubles, Sparse, inverse
from palate.part_state import PartState


@dataclass(frozen=True, eq=False)
class Steps:
    """The graph of the training items.

    Attributes:
        known: float64 [n_training_items, n_entities], weights of the edges.
    """

    known: Sparse

    def round(self, X: Sparse) -> Sparse:
        """Where a walk from distributions X [n, n_entities] over entities is two steps later."""
        return sparse.csr_matrix((X @ self._to_items) @ self._to_entities)

    @cached_property
    def _to_items(self) -> Sparse:
        """float64 [n_entities, n_training_items], rows that sum to one."""
        shares = self.known @ sparse.diags(inverse(_sums(self.known, 0)))
        return sparse.csr_matrix(shares.T)

    @cached_property
    def _to_entities(self) -> Sparse:
        """float64 [n_training_items, n_entities], rows that sum to one."""
        return sparse.csr_matrix(sparse.diags(inverse(_sums(self.known, 1))) @ self.known)

    def degrees(self) -> Doubles:
        """float64 [n_entities], weight of all edges of each entity."""
        return _sums(self.known, 0)

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """As three arrays of a state, and the shape."""
        return {
            "steps_data": self.known.data,
            "steps_indices": self.known.indices.astype(np.int32),
            "steps_indptr": self.known.indptr.astype(np.int64),
        }

    @classmethod
    def load(cls, kept: PartState, n_entities: int) -> Steps:
        """What `arrays` gave.

        Raises:
            BadInput: It is not whole.
        """
        data = kept.array("steps_data", np.float64, None)
        indices = kept.array("steps_indices", np.int32, len(data))
        indptr = kept.array("steps_indptr", np.int64, None)
        outside = len(indices) and (indices.min() < 0 or indices.max() >= n_entities)
        rising = len(indptr) and indptr[0] == 0 and (np.diff(indptr) >= 0).all()
        if outside or not rising or indptr[-1] != len(data):
            raise kept.damaged("its graph names entities or items that it does not have")
        shape = (len(indptr) - 1, n_entities)
        return cls(sparse.csr_matrix((data, indices, indptr), shape=shape))


def distributions(X: Sparse) -> Sparse:
    """The rows of X [n, d] scaled to a sum of one; rows of zeros stay zeros."""
    return sparse.csr_matrix(sparse.diags(inverse(_sums(X, 1))) @ X)


def largest(X: Sparse, k: int) -> Sparse:
    """The k largest numbers of each row of X [n, d], of equal ones those of lower columns."""
    X = sparse.csr_matrix(X)
    X.sum_duplicates()
    kept = np.ones(X.nnz, np.bool_)
    # row by row: to sort all numbers at once takes ten times as long as to part those of each row
    for row in np.flatnonzero(np.diff(X.indptr) > k):
        span = slice(X.indptr[row], X.indptr[row + 1])
        values = X.data[span]
        cut = np.partition(values, len(values) - k)[len(values) - k]
        chosen = values > cut
        chosen[np.flatnonzero(values == cut)[: k - int(chosen.sum())]] = True
        kept[span] = chosen
    ends = np.concatenate([[0], np.cumsum(kept)])[X.indptr]
    return sparse.csr_matrix((X.data[kept], X.indices[kept], ends), shape=X.shape)


def _sums(X: Sparse, axis: int) -> Doubles:
    return np.asarray(X.sum(axis=axis), np.float64).ravel()
