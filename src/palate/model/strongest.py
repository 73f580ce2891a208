"""The largest numbers of each row of a sparse matrix."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from palate.arrays import Sparse

_PADDED: Final = 100_000
"""Numbers of rows that are partitioned together."""


def strongest(B: Sparse, k: int) -> Sparse:
    """`B` with only the k largest numbers of each row; of equal ones the lower column stays.

    >>> strongest(sparse.csr_matrix([[3.0, 1.0, 2.0]]), 2).toarray().tolist()
    [[3.0, 0.0, 2.0]]
    """
    out = strongest_unsorted(sparse.csr_matrix(B), k)
    out.sort_indices()
    return out


def strongest_unsorted(B: Sparse, k: int) -> Sparse:
    """`strongest` of CSR `B`, the columns of a row in the order that they have there."""
    # not below the k-th largest of its row
    bar = np.repeat(_kth_largest(B, k), np.diff(B.indptr))
    at = np.flatnonzero(B.data >= bar)
    ends = np.searchsorted(at, B.indptr)
    surplus = np.diff(ends) - k
    if np.any(surplus > 0):
        row = np.repeat(np.arange(len(surplus)), np.diff(ends))
        last = np.flatnonzero((surplus[row] > 0) & (B.data[at] == bar[at]))
        last = last[np.lexsort((-B.indices[at[last]], row[last]))]
        turn = np.arange(len(last)) - np.searchsorted(row[last], row[last])
        at = np.delete(at, last[turn < surplus[row[last]]])
    at = at[B.data[at] != 0]
    parts = (B.data[at], B.indices[at], np.searchsorted(at, B.indptr))
    return sparse.csr_matrix(parts, shape=B.shape)


def _kth_largest(B: Sparse, k: int) -> NDArray[Any]:
    """[n], the k-th largest number of each row that has more than k; -inf of the others."""
    lengths = np.diff(B.indptr)
    out = np.full(len(lengths), -np.inf, B.dtype)
    rows = np.flatnonzero(lengths > k)
    rows = rows[np.argsort(lengths[rows], kind="stable")]
    start = 0
    while start < len(rows):
        # Rows of like length at once, filled up to the longest of them.
        longest = int(1.25 * lengths[rows[start]])
        these = rows[start : start + max(_PADDED // longest, 1)]
        these = these[lengths[these] <= longest]
        table = np.full((len(these), int(lengths[these[-1]])), -np.inf, B.dtype)
        place = np.arange(table.shape[1])
        real = place < lengths[these, None]
        table[real] = B.data[(B.indptr[these, None] + place)[real]]
        cut = table.shape[1] - k
        out[these] = np.partition(table, cut, axis=1)[:, cut]
        start += len(these)
    return out
