"""Principal directions of a matrix, centred without being copied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from palate.arrays import Doubles, Matrix
from palate.errors import BadInput
from palate.part_state import PartState
from palate.seeding import generator

_NOISE = 1e-6
_SPARE = 32
_ROUNDS = 6


@dataclass(frozen=True)
class Directions:
    """Where the rows of a matrix lie and how they spread.

    Attributes:
        mean: float64 [d].
        axes: float64 [d, k], orthonormal, the widest first.
        singular: float64 [k], singular values of the centred matrix, descending, all above rounding
            noise.
        n_rows: Rows that this was learnt from.
    """

    mean: Doubles
    axes: Doubles
    singular: Doubles
    n_rows: int

    @classmethod
    def of(cls, X: Matrix, k: int | None, part: str) -> Directions:
        """The first `k` directions of X [n, d], or all; fewer where the matrix has no more.

        Raises:
            BadInput: All rows are equal.
        """
        if sparse.issparse(X):
            mean, axes, singular = _of_sparse(X, k)
        else:
            mean, axes, singular = _of_dense(np.asarray(X, np.float64))
        real = singular > _NOISE * (singular[0] if len(singular) else 1.0)
        if not real.any() or not singular[0] > 0:
            raise BadInput(
                f"the {X.shape[0]} training items all look the same, so they have no directions",
                where=part,
                next_step="leave this transform out, or check the block's fields",
            )
        kept = np.flatnonzero(real)[:k]
        return cls(mean, _signed(axes[:, kept]), singular[kept], X.shape[0])

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """All of it, as arrays of a state."""
        return {
            "mean": self.mean,
            "axes": self.axes,
            "singular": self.singular,
            "n_rows": np.asarray(self.n_rows, np.int64),
        }

    @classmethod
    def restored(cls, state: PartState, width: int) -> Directions:
        """What `arrays` gave, of a matrix of `width` columns.

        Raises:
            BadInput: The state is not whole.
        """
        axes = state.array("axes", np.float64, width, None)
        return cls(
            state.array("mean", np.float64, width),
            axes,
            state.array("singular", np.float64, axes.shape[1]),
            int(state.array("n_rows", np.int64)),
        )

    def coordinates(self, X: Matrix) -> Doubles:
        """float64 [n, k], the centred rows of X along the axes."""
        return np.asarray(X @ self.axes - self.mean @ self.axes, np.float64)


def _of_dense(X: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    mean = X.mean(axis=0)
    centred = X - mean
    # With fewer rows than columns the d x d product has no full rank, and squaring would cost half
    # of the digits of the small singular values.
    if X.shape[0] < X.shape[1]:
        _, singular, axes = linalg.svd(centred, full_matrices=False)
        return mean, axes.T, singular
    # The d x d products are many times quicker than a decomposition of all rows, and exact enough
    # in float64.
    values, axes = linalg.eigh(centred.T @ centred)
    return mean, axes[:, ::-1], np.sqrt(np.maximum(values[::-1], 0.0))


def _of_sparse(X: sparse.csr_matrix, k: int | None) -> tuple[Doubles, Doubles, Doubles]:
    n, d = X.shape
    if min(n, d) <= 64 or k is None or k >= min(n, d) - 1:
        return _of_dense(np.asarray(X.toarray(), np.float64))
    mean = np.asarray(X.mean(axis=0), np.float64).ravel()
    X64 = X.astype(np.float64)
    # Subspace iteration: the widest directions of a slowly falling spectrum to about a per cent,
    # ten times quicker than an exact solver; centring is done by a rank-one correction, so nothing
    # becomes dense.
    # Some directions to spare, because the last ones settle slowest; a fixed seed, because a
    # transform has none and the answer hardly depends on it.
    basis: Doubles = generator(0, "directions", n, d).standard_normal((d, min(k + _SPARE, n, d)))
    for _ in range(_ROUNDS):
        left = linalg.qr(X64 @ basis - mean @ basis, mode="economic")[0]
        right = linalg.qr(X64.T @ left - np.outer(mean, left.sum(axis=0)), mode="economic")[0]
        basis = np.asarray(right, np.float64)
    _, singular, turn = linalg.svd(X64 @ basis - mean @ basis, full_matrices=False)
    return mean, (basis @ turn.T)[:, :k], np.asarray(singular[:k], np.float64)


def _signed(axes: Doubles) -> Doubles:
    """The same axes, each with its largest number positive: a decomposition leaves the sign to
    chance.
    """
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])]
    # C-contiguous, as it comes back from a file: products with it are the same to the last bit.
    return np.ascontiguousarray(axes * np.sign(largest), np.float64)
