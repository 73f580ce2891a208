"""Dense item-item matrices of linear models: how large they may be, their making, products and
inverse.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from scipy import sparse
from scipy.linalg import lapack

from palate.arrays import Floats, Sparse
from palate.capabilities import Bounded, Costed
from palate.errors import Refused
from palate.execute import on_all_cores
from palate.model.item_item import dense_work
from palate.work import LogSize, Work

DENSE_FLOPS_PER_SPARSE = 60
"""Multiplications that the dense product does in the time of one of the sparse product (measured on
two cores)."""
ROWS_AT_ONCE = 2_048


class DenseItems(Costed):
    """A scorer that learns by dense [n_items, n_items] matrices; its settings have `memory_gib`.

    Attributes:
        matrices: How many of them exist at the same time.
    """

    matrices: ClassVar[int] = 2

    @classmethod
    def work(cls, settings: Any, size: LogSize) -> Work:
        """The inverse of a matrix of all items."""
        return dense_work(size, size.items, cls.matrices)


class DenseOnly(DenseItems, Bounded):
    """One that has no smaller form."""

    @classmethod
    def bounded(cls, settings: Any, n_items: int) -> tuple[str, Mapping[str, Any]] | None:
        """None; where the matrices would not fit, nothing stands in."""
        check_memory(n_items, cls.matrices, settings.memory_gib)
        return None


def check_memory(n_items: int, matrices: int, limit_gib: float) -> None:
    """Refuse a model whose dense [n_items, n_items] matrices would not fit.

    Args:
        n_items: Items of the vocabulary.
        matrices: How many such float32 matrices exist at the same time.
        limit_gib: What the recipe allows, in GiB.

    Raises:
        Refused: They would need more.
    """
    needed = matrices * 4 * n_items**2 / 2**30
    if needed > limit_gib:
        largest = int((limit_gib * 2**30 / (4 * matrices)) ** 0.5)
        raise Refused(
            f"{n_items} items need {matrices} matrices of {n_items} x {n_items} numbers,"
            f" {needed:.1f} GiB",
            where="memory_gib",
            allowed=f"{limit_gib:g} GiB, enough for {largest} items",
            next_step=(
                "raise memory_gib, keep fewer items, or use model.cooccurrence.v1, which stays"
                " sparse"
            ),
        )


def gram(X: Sparse) -> Floats:
    """float32 [n_items, n_items], X' X for X [n_rows, n_items], by whichever product is quicker."""
    lengths = np.diff(X.indptr).astype(np.float64)
    n_rows, n_items = X.shape
    if DENSE_FLOPS_PER_SPARSE * float(lengths @ lengths) < n_rows * float(n_items) ** 2:
        return np.asarray((X.T @ X).toarray(), np.float32)
    G = np.zeros((n_items, n_items), np.float32)
    for start in range(0, n_rows, ROWS_AT_ONCE):
        rows = X[start : start + ROWS_AT_ONCE].toarray()
        G += rows.T @ rows
    return G


def times_sparse(P: Floats, Y: Sparse) -> Floats:
    """float32 [n, m], `P` @ `Y` for symmetric `P` [n, n] and sparse `Y` [n, m]."""
    # scipy multiplies sparse by dense, on one core; P is symmetric, so (Y' P)' is the same without
    # a copy of P.
    rows, out = sparse.csr_matrix(Y.T), np.empty((len(P), Y.shape[1]), np.float32)

    def multiply(start: int) -> None:
        out[:, start : start + ROWS_AT_ONCE] = (rows[start : start + ROWS_AT_ONCE] @ P).T

    list(on_all_cores(multiply, range(0, Y.shape[1], ROWS_AT_ONCE)))
    return out


def inverted(G: Floats, next_step: str) -> Floats:
    """The inverse of a symmetric positive definite `G` [n, n] float32, in the memory of `G`, which
    is lost.

    Raises:
        Refused: `G` is not positive definite; `next_step` says what to change.

    Cost: n^3 multiplications (n = 12,000: 10 to 30 seconds on two cores), no second matrix.
    """
    # A C-ordered symmetric matrix is its own Fortran-ordered self: LAPACK then works in place.
    factor, failed = lapack.spotrf(G.T, lower=1, overwrite_a=1, clean=0)
    if failed:
        raise Refused("the item-item matrix is not positive definite", next_step=next_step)
    P, _ = lapack.spotri(factor, lower=1, overwrite_c=1)
    inverse = P.T
    _mirror(inverse)
    return np.asarray(inverse, np.float32)


def _mirror(A: Floats, block: int = 1_024) -> None:
    """Copy the upper triangle of `A` into the lower one, block by block to spare memory."""
    n = len(A)
    for i in range(0, n, block):
        square = A[i : i + block, i : i + block]
        square[:] = np.triu(square) + np.triu(square, 1).T
        for j in range(i + block, n, block):
            A[j : j + block, i : i + block] = A[i : i + block, j : j + block].T
