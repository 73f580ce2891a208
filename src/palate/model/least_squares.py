"""Many small ridge regressions at once: the half-steps of alternating least squares."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from palate.arrays import Floats, Longs, Sparse, offsets_of

NUMBERS_AT_ONCE = 4_000_000


def solved(X: Sparse, V: Floats, base: Floats, ridge: Floats, wanted: Floats) -> Floats:
    """float32 [n_rows, k]: for each row r of weights, (base + sum_i X[r, i] v_i v_i' + ridge[r]
    I)^-1 wanted[r].

    Args:
        X: float32 CSR [n_rows, n], non-negative weights.
        V: float32 [n, k].
        base: float32 [k, k], added to every row's matrix.
        ridge: float32 [n_rows], > 0.
        wanted: float32 [n_rows, k], right-hand sides.

    Cost: n_values k^2 + n_rows k^3 multiplications.
    """
    k = V.shape[1]
    out = np.empty((X.shape[0], k), np.float32)
    eye = np.eye(k, dtype=np.float32)
    for rows, items, weights in _of_like_length(X, k):
        taken = V[items]
        A = np.matmul(taken.transpose(0, 2, 1), taken * weights[:, :, None])
        A += base + ridge[rows, None, None] * eye
        out[rows] = np.linalg.solve(A, wanted[rows][:, :, None])[:, :, 0]
    return out


def _of_like_length(X: Sparse, k: int) -> Iterator[tuple[Longs, Longs, Floats]]:
    """Rows in batches, shortest first: row numbers [b], their items [b, most] and weights, 0 where
    a row has fewer.
    """
    lengths = np.diff(X.indptr)
    order = np.argsort(lengths, kind="stable")
    start = 0
    while start < len(order):
        # The longest row of a batch sets its width; its own length bounds how many rows go with it.
        width = max(int(lengths[order[start]]), 1)
        stop = start + max(1, NUMBERS_AT_ONCE // (k * max(width, k)))
        rows = order[start:stop]
        rows = rows[lengths[rows] <= max(2 * width, 16)]
        yield rows, *_padded(X, rows)
        start += len(rows)


def _padded(X: Sparse, rows: Longs) -> tuple[Longs, Floats]:
    lengths = np.diff(X.indptr)[rows]
    most = max(int(lengths.max(initial=0)), 1)
    items, weights = np.zeros((len(rows), most), np.int64), np.zeros((len(rows), most), np.float32)
    row = np.repeat(np.arange(len(rows)), lengths)
    place = np.arange(lengths.sum()) - np.repeat(offsets_of(lengths)[:-1], lengths)
    at = np.repeat(X.indptr[rows].astype(np.int64), lengths) + place
    items[row, place], weights[row, place] = X.indices[at], X.data[at]
    return items, weights
