"""Products of sparse matrices, some rows at a time, on all cores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from scipy import sparse

from palate.arrays import Longs, Sparse, offsets_of
from palate.execute import on_all_cores

_AT_ONCE: Final = 300_000
"""Multiplications of a block of rows: few enough for a core's cache, many enough to be worth a
call."""
_CELLS: Final = 2**19
"""Numbers of a block of rows that are spread out."""
_FULL: Final = 0.1
"""Multiplications over columns from which a row takes less time spread out."""


def product(A: Sparse, B: Sparse, then: Callable[[Sparse, Longs], Sparse] | None = None) -> Sparse:
    """CSR [n, m], `A` [n, d] @ `B` [d, m], or what `then` makes of it.

    Args:
        A: CSR, its data not negative.
        B: CSR, the same.
        then: From some rows of the product [b, m], their columns in any order, and their numbers
            int64 [b], to what is kept of them [b, m]: so the product never stands in memory whole.

    Cost: a multiplication for each pair of a number of A and a number of B's row: about 10 ns where
        a row of the product is full, 30 ns where it is not.
    """
    done = np.cumsum(np.diff(B.indptr)[A.indices], dtype=np.int64)
    work = np.diff(np.concatenate([[0], done])[A.indptr])

    def part(rows: Longs) -> Sparse:
        """Some rows, of like work."""
        full = work[rows[0]] > _FULL * B.shape[1]
        made = _spread(A[rows], B) if full else sparse.csr_matrix(A[rows] @ B)
        return made if then is None else then(made, rows)

    blocks = list(_blocks(work, B.shape[1]))
    if not blocks:
        return sparse.csr_matrix((A.shape[0], B.shape[1]), dtype=np.result_type(A.dtype, B.dtype))
    made = list(on_all_cores(part, blocks))
    return _joined(made, blocks, (A.shape[0], made[0].shape[1]))


def _joined(parts: list[Sparse], rows: list[Longs], shape: tuple[int, int]) -> Sparse:
    """CSR, the rows of all `parts`, each at its number in `rows`; of `parts` nothing is left, so
    that they do not stand in memory twice.
    """
    lengths = np.zeros(shape[0], np.int64)
    for part, these in zip(parts, rows, strict=True):
        lengths[these] = np.diff(part.indptr)
    ends = offsets_of(lengths)
    data = np.empty(ends[-1], np.result_type(*(part.dtype for part in parts)))
    indices = np.empty(ends[-1], np.result_type(*(part.indices.dtype for part in parts)))
    for these in reversed(rows):
        part = parts.pop()
        moved = ends[these] - part.indptr[:-1]
        at = np.arange(part.nnz) + np.repeat(moved, np.diff(part.indptr))
        data[at], indices[at] = part.data, part.indices
    return sparse.csr_matrix((data, indices, ends), shape=shape)


def _blocks(work: Longs, n_columns: int) -> Iterator[Longs]:
    """Row numbers [b], those with the most work first: no block that others wait for comes last."""
    order = np.argsort(-work, kind="stable")
    n_full = int(np.count_nonzero(work > _FULL * n_columns))
    for rows, most in ((order[:n_full], _CELLS // max(n_columns, 1)), (order[n_full:], len(order))):
        done = np.cumsum(work[rows])
        start = 0
        while start < len(rows):
            before = done[start - 1] if start else 0
            end = int(np.searchsorted(done, before + _AT_ONCE, side="right"))
            end = max(min(end, start + most), start + 1)
            yield rows[start:end]
            start = end


def _spread(A: Sparse, B: Sparse) -> Sparse:
    """CSR [b, m], `A` [b, d] @ `B` [d, m] by way of all its numbers."""
    b, m = A.shape[0], B.shape[1]
    taken = B[A.indices]
    lengths = np.diff(taken.indptr)
    first = np.repeat(np.arange(b, dtype=np.int64) * m, np.diff(A.indptr))
    weights = taken.data if np.all(A.data == 1) else np.repeat(A.data, lengths) * taken.data
    sums = np.bincount(np.repeat(first, lengths) + taken.indices, weights, minlength=b * m)
    at = np.flatnonzero(sums > 0)
    ends = np.searchsorted(at, np.arange(b + 1) * m)
    columns = (at - np.repeat(np.arange(b) * m, np.diff(ends))).astype(B.indices.dtype)
    return sparse.csr_matrix((sums[at], columns, ends), shape=(b, m))
