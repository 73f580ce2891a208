"""Array types in fixed words, and the ragged array that histories and targets are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats: TypeAlias = NDArray[np.float32]
Doubles: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = NDArray[np.int32]
Longs: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]
Sparse: TypeAlias = sparse.csr_matrix
Matrix: TypeAlias = Floats | Sparse


@dataclass(frozen=True)
class Ragged:
    """Rows of different lengths in one flat array.

    Attributes:
        values: int32 [n_values], all rows one after the other.
        offsets: int64 [n_rows + 1], where each row starts; the last is n_values.
    """

    values: Rows
    offsets: Longs

    @classmethod
    def of(cls, rows: Sequence[Sequence[int] | Rows]) -> Ragged:
        """Build from a list of rows.

        >>> Ragged.of([[1, 2], [], [3]]).lengths().tolist()
        [2, 0, 1]
        """
        lengths = np.fromiter((len(r) for r in rows), np.int64, len(rows))
        values = np.concatenate([np.asarray(r, np.int32) for r in rows]) if len(rows) else np.empty(0, np.int32)
        return cls(values.astype(np.int32), offsets_of(lengths))

    @classmethod
    def grouped(cls, group: Rows, values: Rows, n_rows: int) -> Ragged:
        """Collect `values` [n] by `group` [n] into `n_rows` rows, keeping their order inside a row."""
        order = np.argsort(group, kind="stable")
        return cls(np.asarray(values, np.int32)[order], offsets_of(np.bincount(group, minlength=n_rows)))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> Rows:
        return self.values[self.offsets[row] : self.offsets[row + 1]]

    def lengths(self) -> Longs:
        """int64 [n_rows], how many values each row has."""
        return np.diff(self.offsets)

    def row_of_value(self) -> Rows:
        """int32 [n_values], the row that each value stands in."""
        return np.repeat(np.arange(len(self), dtype=np.int32), self.lengths())

    def take(self, rows: NDArray[Any]) -> Ragged:
        """The given rows (indices or a mask), in that order."""
        index = flat_index(self.offsets, rows)
        picked = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        return Ragged(self.values[index], offsets_of(self.lengths()[picked]))

    def mask(self, n_columns: int) -> Mask:
        """bool [n_rows, n_columns], true where a row holds that value."""
        out = np.zeros((len(self), n_columns), np.bool_)
        out[self.row_of_value(), self.values] = True
        return out


def offsets_of(lengths: NDArray[Any]) -> Longs:
    """int64 [n_rows + 1] from the row lengths [n_rows]."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def flat_index(offsets: Longs, rows: NDArray[Any]) -> Longs:
    """int64 indices into the flat values of the chosen `rows` (indices or a mask), row after row."""
    picked = np.flatnonzero(rows) if rows.dtype == np.bool_ else np.asarray(rows, np.int64)
    lengths = np.diff(offsets)[picked]
    starts = np.repeat(offsets[picked] - offsets_of(lengths)[:-1], lengths)
    return np.asarray(starts + np.arange(lengths.sum()), np.int64)


def l2_normalised(X: Matrix) -> Matrix:
    """Rows of `X` [n, d] scaled to length one; rows of zeros stay zeros."""
    if sparse.issparse(X):
        norms = np.sqrt(np.asarray(X.multiply(X).sum(axis=1)).ravel())
        return sparse.csr_matrix(sparse.diags(inverse(norms)) @ X, dtype=np.float32)
    norms = np.linalg.norm(X, axis=1)
    return np.asarray(X * inverse(norms)[:, None], np.float32)


def inverse(x: NDArray[Any]) -> NDArray[Any]:
    """1 / x, and 0 where x is 0."""
    return np.asarray(np.divide(1.0, x, out=np.zeros_like(x, dtype=np.float64), where=x != 0))


def dense(X: Matrix) -> Floats:
    """`X` as a float32 array, whether it was sparse or not."""
    return np.asarray(X.toarray() if sparse.issparse(X) else X, np.float32)
