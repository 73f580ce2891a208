"""Many small ridge regressions at once: the half-steps of alternating least squares."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from palate.arrays import Floats, Longs, Sparse, offsets_of
from palate.execute import on_all_cores

NUMBERS_AT_ONCE = 1_000_000
"""Numbers of a batch that is gathered: about what the processor's cache holds."""


def solved(X: Sparse, V: Floats, base: Floats, ridge: Floats, wanted: Floats) -> Floats:
    """float32 [n_rows, k]: for each row r of weights, (base + sum_i X[r, i] v_i v_i' + ridge[r]
    I)^-1 wanted[r].

    Args:
        X: float32 CSR [n_rows, n], non-negative weights.
        V: float32 [n, k].
        base: float32 [k, k], symmetric and without negative eigenvalues, added to every row's
            matrix.
        ridge: float32 [n_rows], > 0.
        wanted: float32 [n_rows, k], right-hand sides.

    Cost: a row of m values takes about m m k + m^3 multiplications where m < k, and m k k + k^3
        elsewhere.
    """
    # Turned into the directions of `base`, base + ridge is a diagonal for every row. A row with
    # fewer values than factors then needs a system of its values only (Woodbury's identity), which
    # is most rows of most logs.
    strengths, turn = np.linalg.eigh(np.asarray(base, np.float64))
    strengths, turn = np.maximum(strengths, 0).astype(np.float32), turn.astype(np.float32)
    V, wanted = V @ turn, wanted @ turn
    out = np.empty((X.shape[0], V.shape[1]), np.float32)

    def solve(rows: Longs) -> None:
        items, weights = _padded(X, rows)
        solver = _by_values if items.shape[1] < V.shape[1] else _by_factors
        out[rows] = solver(V[items], weights, strengths + ridge[rows, None], wanted[rows])

    list(on_all_cores(solve, _of_like_length(X, V.shape[1])))
    return np.asarray(out @ turn.T, np.float32)


def _by_values(taken: Floats, weights: Floats, diagonal: Floats, wanted: Floats) -> Floats:
    """[b, k], from systems of the values [b, m]; `taken` [b, m, k], `diagonal` and `wanted`
    [b, k].
    """
    taken *= np.sqrt(weights)[:, :, None]
    flat = taken.transpose(0, 2, 1)
    A = np.matmul(taken / diagonal[:, None, :], flat)
    diagonal_rows = np.arange(A.shape[1])
    A[:, diagonal_rows, diagonal_rows] += 1
    alone = wanted / diagonal
    shared = np.linalg.solve(A, np.matmul(taken, alone[:, :, None]))
    return np.asarray(alone - np.matmul(flat, shared)[:, :, 0] / diagonal, np.float32)


def _by_factors(taken: Floats, weights: Floats, diagonal: Floats, wanted: Floats) -> Floats:
    """[b, k], from systems of the factors."""
    A = np.matmul(taken.transpose(0, 2, 1), taken * weights[:, :, None])
    diagonal_rows = np.arange(A.shape[1])
    A[:, diagonal_rows, diagonal_rows] += diagonal
    return np.asarray(np.linalg.solve(A, wanted[:, :, None])[:, :, 0], np.float32)


def _of_like_length(X: Sparse, k: int) -> Iterator[Longs]:
    """Row numbers [b] in batches, those with the fewest values first."""
    lengths = np.diff(X.indptr)
    order = np.argsort(lengths, kind="stable")
    start = 0
    while start < len(order):
        # The shortest row of a batch sets how many go with it, and how long they may be: what is
        # padded costs as much as what is there.
        width = max(int(lengths[order[start]]), 1)
        numbers = width * max(width, k) if width < k else k * width + k * k
        rows = order[start : start + max(1, NUMBERS_AT_ONCE // numbers)]
        rows = rows[lengths[rows] <= max(width + 1, int(1.25 * width))]
        yield rows
        start += len(rows)


def _padded(X: Sparse, rows: Longs) -> tuple[Longs, Floats]:
    """The items of some rows [b, most] and their weights, 0 where a row has fewer."""
    lengths = np.diff(X.indptr)[rows]
    most = max(int(lengths.max(initial=0)), 1)
    items, weights = np.zeros((len(rows), most), np.int64), np.zeros((len(rows), most), np.float32)
    row = np.repeat(np.arange(len(rows)), lengths)
    place = np.arange(lengths.sum()) - np.repeat(offsets_of(lengths)[:-1], lengths)
    at = np.repeat(X.indptr[rows].astype(np.int64), lengths) + place
    items[row, place], weights[row, place] = X.indices[at], X.data[at]
    return items, weights
