"""What an item-item model learns: one number for each pair of items, kept whole, sparse or as two
factors.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from palate.arrays import Doubles, Floats, Matrix, Ragged, Rows, Sparse, dense
from palate.capabilities import PartialScores
from palate.errors import Refused
from palate.model.partial_scores import (
    AllScores,
    FactoredScores,
    FewScores,
    PaddedScores,
    SumOfScores,
    largest_of_columns,
    products_of_rows,
)

LOOKED_AT: Final = 300
"""Numbers of each column of sparse rows in which promising items are looked for."""


class Similarity(Protocol):
    """B [n_items, n_items]: how much an event with one item speaks for another."""

    @property
    def n_items(self) -> int:
        """Number of items."""
        ...

    def spread(self, W: Sparse) -> Floats:
        """float32 [n_cases, n_items], W @ B for weights W [n_cases, n_items]."""
        ...

    def partly(self, W: Sparse) -> PartialScores:
        """W @ B at single places, for weights W [n_cases, n_items]."""
        ...

    def pairs(self, source: Rows, target: Rows) -> Doubles:
        """float64 [n], B at each pair of rows `source` [n] and `target` [n]."""
        ...

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All numbers, to be stored; `restored.restored` makes the similarity from them again."""
        ...


@dataclass(frozen=True)
class Whole:
    """Every pair has its number.

    Attributes:
        B: float32 [n_items, n_items].
    """

    B: Floats

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.B)

    def spread(self, W: Sparse) -> Floats:
        """float32 [n_cases, n_items], W @ B."""
        return np.asarray(W @ self.B, np.float32)

    def partly(self, W: Sparse) -> PartialScores:
        """W @ B at single places."""
        return AllScores(self.spread(W))

    def pairs(self, source: Rows, target: Rows) -> Doubles:
        """float64 [n], B at each pair."""
        return self.B[source, target].astype(np.float64)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All numbers."""
        return {"B": self.B}


class OneByOne(ABC):
    """A similarity that keeps its pairs one by one, most of which are zero."""

    B: Sparse
    """float32 CSR [n_items, n_items]."""

    @property
    def n_items(self) -> int:
        """Number of items."""
        return int(self.B.shape[0])

    def spread(self, W: Sparse) -> Floats:
        """float32 [n_cases, n_items], W @ B."""
        return dense(W @ self.B)

    def partly(self, W: Sparse) -> PartialScores:
        """W @ B at single places."""
        return FewScores(_times(W, self.B))

    def pairs(self, source: Rows, target: Rows) -> Doubles:
        """float64 [n], B at each pair."""
        # scipy gives a sparse matrix, not an array, for no pairs at all.
        return np.asarray(self.B[source, target] if len(source) else [], np.float64).ravel()

    @abstractmethod
    def arrays(self) -> dict[str, NDArray[Any]]:
        """All numbers."""


@dataclass(frozen=True)
class Thin(OneByOne):
    """Most pairs are zero.

    Attributes:
        B: float32 CSR [n_items, n_items].
    """

    B: Sparse

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All numbers."""
        return _parts("B", self.B)


@dataclass(frozen=True)
class Factored:
    """B = L R' with nought on the diagonal, never written out.

    Attributes:
        L: float32 [n_items, d], dense or CSR; the side of the history.
        R: float32 [n_items, d], the same kind; the side of the candidate.
    """

    L: Matrix
    R: Matrix

    @property
    def n_items(self) -> int:
        """Number of items."""
        return int(self.L.shape[0])

    def spread(self, W: Sparse) -> Floats:
        """float32 [n_cases, n_items], W @ B, by way of [n_cases, d]."""
        across: Any = (W @ self.L) @ self._columns
        scores = dense(across)
        own = sparse.coo_matrix(W)
        scores[own.row, own.col] -= own.data * self._along(own.col, own.col).astype(np.float32)
        return scores

    def partly(self, W: Sparse) -> PartialScores:
        """W @ B at single places."""
        # what an item says of itself, weighed, is taken off
        own = self._along(W.indices, W.indices) * W.data
        off = Ragged(W.indices, W.indptr.astype(np.int64)), own.astype(np.float32)
        return FactoredScores(_times(W, self.L), self.R, self._largest, off)

    def pairs(self, source: Rows, target: Rows) -> Doubles:
        """float64 [n], B at each pair."""
        return np.where(source == target, 0.0, self._along(source, target))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All numbers."""
        return (
            _parts("L", self.L)
            if self.L is self.R
            else {**_parts("L", self.L), **_parts("R", self.R)}
        )

    @cached_property
    def _columns(self) -> Matrix:
        # turned once: a sparse product turns it each time, which takes longer than the product
        return sparse.csr_matrix(self.R.T) if sparse.issparse(self.R) else self.R.T

    @cached_property
    def _largest(self) -> Sparse | None:
        return largest_of_columns(self.R, LOOKED_AT) if sparse.issparse(self.R) else None

    def _along(self, source: NDArray[Any], target: NDArray[Any]) -> Doubles:
        if not isinstance(self.L, np.ndarray) and not isinstance(self.R, np.ndarray):
            return products_of_rows(self.L, source, self.R, target)
        # float64 from the start: contributions are compared with scores, and a sum of products
        # cancels.
        along = np.asarray(self.L[source], np.float64) * np.asarray(self.R[target])
        return np.asarray(along.sum(axis=1), np.float64)


@dataclass(frozen=True)
class Both:
    """The sum of two similarities, which are quick only apart.

    Attributes:
        thin: Of columns that few items have.
        full: Of columns that most items have.
    """

    thin: Similarity
    full: Similarity

    @property
    def n_items(self) -> int:
        """Number of items."""
        return self.thin.n_items

    def spread(self, W: Sparse) -> Floats:
        """float32 [n_cases, n_items], W @ B."""
        return self.thin.spread(W) + self.full.spread(W)

    def partly(self, W: Sparse) -> PartialScores:
        """W @ B at single places."""
        same = np.ones(self.n_items, np.float32)
        return SumOfScores([(self.thin.partly(W), same), (self.full.partly(W), same)])

    def pairs(self, source: Rows, target: Rows) -> Doubles:
        """float64 [n], B at each pair."""
        return self.thin.pairs(source, target) + self.full.pairs(source, target)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All numbers, each with the name of its side before it."""
        sides = {"thin": self.thin, "full": self.full}
        return {
            f"{side}.{name}": a for side, part in sides.items() for name, a in part.arrays().items()
        }


@dataclass(frozen=True)
class Padded:
    """A similarity with further items that say nothing of any other.

    Attributes:
        known: Of the items before them.
        n_items: Number of items, these included.
    """

    known: Similarity
    n_items: int

    def spread(self, W: Sparse) -> Floats:
        """float32 [n_cases, n_items], W @ B; zeros for the further items."""
        n = self.known.n_items
        out = np.zeros((W.shape[0], self.n_items), np.float32)
        out[:, :n] = self.known.spread(sparse.csr_matrix(W[:, :n]))
        return out

    def partly(self, W: Sparse) -> PartialScores:
        """W @ B at single places; zeros for the further items."""
        known = self.known.partly(sparse.csr_matrix(W[:, : self.known.n_items]))
        return PaddedScores(known, self.known.n_items)

    def pairs(self, source: Rows, target: Rows) -> Doubles:
        """float64 [n], B at each pair; 0 where one of them is a further item."""
        within = (source < self.known.n_items) & (target < self.known.n_items)
        found = np.zeros(len(source))
        found[within] = self.known.pairs(source[within], target[within])
        return found

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All numbers, and how many items there are."""
        return {**self.known.arrays(), "padded": np.array(self.n_items, np.int64)}


@dataclass(frozen=True)
class Placed:
    """A similarity of some of the items; the others say nothing of any other.

    Attributes:
        known: Of these items.
        rows: int32 [n_known], which items they are, ascending.
        n_items: Number of all items.
    """

    known: Similarity
    rows: Rows
    n_items: int

    def spread(self, W: Sparse) -> Floats:
        """float32 [n_cases, n_items], W @ B; zeros for the other items."""
        out = np.zeros((W.shape[0], self.n_items), np.float32)
        out[:, self.rows] = self.known.spread(sparse.csr_matrix(sparse.csc_matrix(W)[:, self.rows]))
        return out

    def partly(self, W: Sparse) -> PartialScores:
        """W @ B at single places."""
        return AllScores(self.spread(W))

    def pairs(self, source: Rows, target: Rows) -> Doubles:
        """float64 [n], B at each pair; 0 where one of them is another item."""
        place = np.full(self.n_items, -1, np.int32)
        place[self.rows] = np.arange(len(self.rows))
        left, right = place[source], place[target]
        both = (left >= 0) & (right >= 0)
        found = np.zeros(len(source))
        found[both] = self.known.pairs(left[both], right[both])
        return found

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All numbers, which items they are of and how many items there are."""
        placed: dict[str, NDArray[Any]] = {
            "placed": self.rows,
            "among": np.array(self.n_items, np.int64),
        }
        return {**self.known.arrays(), **placed}


@dataclass(frozen=True)
class Lending(OneByOne):
    """Most pairs are zero, and what they were made of is kept for items to come.

    Attributes:
        B: float32 CSR [n_items, n_items].
        lent: float32 CSR [n_items, n_items], what an event with one item says of those that lend.
    """

    B: Sparse
    lent: Sparse

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All numbers."""
        return {**_parts("B", self.B), **_parts("lent", self.lent)}


def _times(W: Sparse, B: Matrix) -> Any:
    return W @ B  # sparse where B is


def stored(similarity: Similarity) -> Sparse:
    """float32 CSR, the pairs of a similarity that keeps them one by one.

    Raises:
        Refused: It keeps them otherwise.
    """
    if isinstance(similarity, Thin | Lending):
        return similarity.B
    raise Refused(
        "the pairs of this model are not kept one by one", next_step="fit the model again"
    )


def padded_square(B: Sparse, n_items: int) -> Sparse:
    """`B` [n, n] with further rows and columns of zeros, [n_items, n_items]."""
    ends = np.concatenate([B.indptr, np.full(n_items - B.shape[0], B.indptr[-1])])
    return sparse.csr_matrix((B.data, B.indices, ends), shape=(n_items, n_items))


def _parts(name: str, X: Matrix) -> dict[str, NDArray[Any]]:
    if not sparse.issparse(X):
        return {name: X}
    shape = np.asarray(X.shape, np.int64)
    return {
        f"{name}.data": X.data,
        f"{name}.indices": X.indices,
        f"{name}.indptr": X.indptr,
        f"{name}.shape": shape,
    }
