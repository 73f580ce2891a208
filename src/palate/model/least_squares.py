"""Many small ridge regressions at once: the half-steps of alternating least squares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from palate.arrays import Floats, Longs, Rows, Sparse, offsets_of
from palate.execute import on_all_cores

NUMBERS_AT_ONCE = 250_000
"""Numbers of a batch that is gathered: about what a core's cache holds."""
STEPS = 4
"""Of conjugate gradients from where the rows were an epoch before."""
FEW = 12
"""Values of a row up to which its own small system takes less time than these steps."""


@dataclass(frozen=True)
class Batch:
    """Some rows of a matrix of weights that have about as many values each.

    Attributes:
        rows: int64 [b], which rows.
        items: int32 [b, m], the columns of their values, 0 where a row has fewer.
        weights: float32 [b, m], the values, 0 where a row has fewer.
    """

    rows: Longs
    items: Rows
    weights: Floats


@dataclass(frozen=True)
class Batches:
    """A matrix of weights, its rows by their number of values; made once for many `solved`.

    Attributes:
        n_rows: Rows of the matrix.
        parts: All of them.
    """

    n_rows: int
    parts: tuple[Batch, ...]

    @classmethod
    def of(cls, X: Sparse, k: int) -> Batches:
        """Of float32 CSR [n_rows, n], non-negative weights, for k factors."""
        parts = (Batch(rows, *_padded(X, rows)) for rows in _of_like_length(X, k))
        return cls(X.shape[0], tuple(parts))


@dataclass(frozen=True)
class Side:
    """The factors of one side of a log, for which those of the other side are solved.

    Turned into the directions of `base`, base + ridge is a diagonal for every row. A row with fewer
    values than factors then needs a system of its values only (Woodbury's identity), which is most
    rows of most logs.

    Attributes:
        V: float32 [n, k], turned.
        turn: float32 [k, k], from the directions of the factors to those of `base`.
        strengths: float32 [k], of `base` along its directions.
        typical: float32 [k], mean square of V.
    """

    V: Floats
    turn: Floats
    strengths: Floats
    typical: Floats

    @classmethod
    def of(cls, V: Floats, base: Floats) -> Side:
        """Of factors `V` [n, k].

        Args:
            V: float32 [n, k].
            base: float32 [k, k], symmetric and without negative eigenvalues, added to every row's
                matrix.
        """
        strengths, turn = np.linalg.eigh(np.asarray(base, np.float64))
        strengths, turn = np.maximum(strengths, 0).astype(np.float32), turn.astype(np.float32)
        V = V @ turn
        return cls(V, turn, strengths, np.einsum("nk,nk->k", V, V) / np.float32(max(len(V), 1)))

    def solved(
        self,
        X: Batches,
        ridge: Floats,
        wanted: Floats | None = None,
        start: Floats | None = None,
    ) -> Floats:
        """float32 [n_rows, k]: for each row r of weights, (base + sum_i X[r, i] v_i v_i' + ridge[r]
        I)^-1 wanted[r].

        Args:
            X: [n_rows, n], weights.
            ridge: float32 [n_rows], > 0.
            wanted: float32 [n_rows, k], right-hand sides; None: sum_i X[r, i] v_i.
            start: float32 [n_rows, k], what is near the answer: rows of more than a few values then
                take some steps of conjugate gradients towards it from there. None: all are exact.

        Cost: with `start` about 10 m k multiplications for a row of m values; without, m m k + m^3
            where m < k, and m k k + k^3 elsewhere.
        """
        turned = None if wanted is None else wanted @ self.turn
        near = None if start is None else start @ self.turn
        out = np.empty((X.n_rows, self.V.shape[1]), np.float32)

        def solve(part: Batch) -> None:
            rows, weights = part.rows, part.weights
            taken, diagonal = (
                np.take(self.V, part.items, axis=0),
                self.strengths + ridge[rows, None],
            )
            aim = np.matmul(weights[:, None, :], taken)[:, 0] if turned is None else turned[rows]
            if near is not None and part.items.shape[1] > FEW:
                rough = diagonal + weights.sum(axis=1)[:, None] * self.typical
                out[rows] = _by_steps(taken, weights, diagonal, aim, near[rows], rough)
                return
            solver = _by_values if part.items.shape[1] < taken.shape[2] else _by_factors
            out[rows] = solver(taken, weights, diagonal, aim)

        list(on_all_cores(solve, X.parts))
        return np.asarray(out @ self.turn.T, np.float32)


@dataclass(frozen=True)
class Half:
    """One side of a log, whose factors are solved for.

    Attributes:
        X: float32 CSR [n_rows, n], the events, its own rows first.
        batches: The same by the length of the rows.
        ridge: float32 [n_rows].
        unobserved: Weight of each pair.
    """

    X: Sparse
    batches: Batches
    ridge: Floats
    unobserved: np.float32

    @classmethod
    def of(cls, X: Sparse, ridge: Floats, unobserved: float, k: int) -> Half:
        """Of the events `X` [n_rows, n]."""
        return cls(X, Batches.of(X, k), ridge, np.float32(unobserved))

    def solved(self, V: Floats, before: Floats, expected: Floats | None = None) -> Floats:
        """The best factors [n_rows, k], or nearly, given those of the other side, `V` [n, k], their
        own of `before`, and what is expected of them, if anything.
        """
        # a ridge around `expected` in place of 0 moves its centre to the right-hand side
        wanted = None if expected is None else self.X @ V + self.ridge[:, None] * expected
        side = Side.of(V, self.unobserved * (V.T @ V))
        return side.solved(self.batches, self.ridge, wanted, before)


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


def _by_steps(
    taken: Floats, weights: Floats, diagonal: Floats, wanted: Floats, x: Floats, rough: Floats
) -> Floats:
    """[b, k], some steps of conjugate gradients from `x` [b, k], scaled by `rough` [b, k], about
    the diagonal of the matrix.
    """

    def times(p: Floats) -> Floats:
        """The matrix times p [b, k]."""
        along = np.matmul(taken, p[:, :, None])[:, :, 0] * weights
        return np.asarray(diagonal * p + np.matmul(along[:, None, :], taken)[:, 0])

    left = wanted - times(x)
    step = left / rough
    size = np.einsum("bk,bk->b", left, step)
    for _ in range(STEPS):
        turned = times(step)
        bent = np.einsum("bk,bk->b", step, turned)
        length = np.divide(size, bent, out=np.zeros_like(size), where=bent > 0)[:, None]
        x = x + length * step
        left -= length * turned
        scaled, before = left / rough, size
        size = np.einsum("bk,bk->b", left, scaled)
        kept = np.divide(size, before, out=np.zeros_like(size), where=before > 0)
        step = scaled + kept[:, None] * step
    return x


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


def _padded(X: Sparse, rows: Longs) -> tuple[Rows, Floats]:
    """The items of some rows [b, most] and their weights, 0 where a row has fewer."""
    lengths = np.diff(X.indptr)[rows]
    most = max(int(lengths.max(initial=0)), 1)
    items, weights = np.zeros((len(rows), most), np.int32), np.zeros((len(rows), most), np.float32)
    row = np.repeat(np.arange(len(rows)), lengths)
    place = np.arange(lengths.sum()) - np.repeat(offsets_of(lengths)[:-1], lengths)
    at = np.repeat(X.indptr[rows].astype(np.int64), lengths) + place
    items[row, place], weights[row, place] = X.indices[at], X.data[at]
    return items, weights
