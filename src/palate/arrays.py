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


@dataclass(frozen=True, eq=False)
class Ragged:
    """Rows of different lengths in one flat array.

    Attributes:
        values: int32 [n_values], all rows one after the other.
        offsets: int64 [n_rows + 1], where each row starts; the last is n_values.
    """

    values: Rows
    offsets: Longs

    def __post_init__(self) -> None:
        if len(self.offsets) == 0 or self.offsets[0] != 0 or self.offsets[-1] != len(self.values):
            raise ValueError(f"offsets must run from 0 to the {len(self.values)} values")

    @classmethod
    def of(cls, rows: Sequence[Sequence[int] | Rows]) -> Ragged:
        """Build from a list of rows.

        >>> Ragged.of([[1, 2], [], [3]]).lengths().tolist()
        [2, 0, 1]
        """
        lengths = np.fromiter((len(r) for r in rows), np.int64, len(rows))
        values = np.concatenate([np.empty(0, np.int32), *(np.asarray(r, np.int32) for r in rows)])
        return cls(values, offsets_of(lengths))

    @classmethod
    def grouped(cls, group: Rows, values: Rows, n_rows: int) -> Ragged:
        """Collect `values` [n] by `group` [n], each in 0 .. n_rows - 1, keeping their order inside
        a row.
        """
        if len(group) and not 0 <= group.min() <= group.max() < n_rows:
            raise ValueError(
                f"groups must lie in 0 .. {n_rows - 1}, not {group.min()} .. {group.max()}"
            )
        order = order_of(group, n_rows)
        return cls(
            np.asarray(values, np.int32)[order], offsets_of(np.bincount(group, minlength=n_rows))
        )

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> Rows:
        start = range(len(self))[
            row
        ]  # as lists do: -1 is the last row, and one too far is an IndexError
        return self.values[self.offsets[start] : self.offsets[start + 1]]

    def lengths(self) -> Longs:
        """int64 [n_rows], how many values each row has."""
        return np.diff(self.offsets)

    def row_of_value(self) -> Rows:
        """int32 [n_values], the row that each value stands in."""
        return np.repeat(np.arange(len(self), dtype=np.int32), self.lengths())

    def take(self, rows: NDArray[Any]) -> Ragged:
        """The given rows (indices or a mask), in that order."""
        return Ragged(
            self.values[flat_index(self.offsets, rows)], offsets_of(self.lengths()[indices(rows)])
        )

    def mask(self, n_columns: int) -> Mask:
        """bool [n_rows, n_columns], true where a row holds that value."""
        out = np.zeros((len(self), n_columns), np.bool_)
        out[self.row_of_value(), self.values] = True
        return out


def offsets_of(lengths: NDArray[Any]) -> Longs:
    """int64 [n_rows + 1] from the row lengths [n_rows]."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def order_of(group: Rows, n_groups: int) -> Longs:
    """int64 [n], what `np.argsort(group, kind="stable")` gives for groups [n] in 0 .. n_groups - 1,
    counted in place of compared, in a fifth of the time.
    """
    place = np.arange(len(group), dtype=np.int64)
    row = sparse.csr_matrix((place, group, [0, len(group)]), shape=(1, max(n_groups, 1)))
    return np.asarray(row.tocsc().data, np.int64)


def indices(rows: NDArray[Any]) -> Longs:
    """int64 indices of the chosen `rows`, which are indices already or a mask."""
    return np.flatnonzero(rows) if rows.dtype == np.bool_ else np.asarray(rows, np.int64)


def flat_index(offsets: Longs, rows: NDArray[Any]) -> Longs:
    """int64 indices into the flat values of the chosen `rows` (indices or a mask), row after
    row.
    """
    picked = indices(rows)
    lengths = np.diff(offsets)[picked]
    starts = np.repeat(offsets[:-1][picked] - offsets_of(lengths)[:-1], lengths)
    return np.asarray(starts + np.arange(lengths.sum()), np.int64)


def l2_normalised(X: Matrix) -> Matrix:
    """Rows of the finite `X` [n, d] scaled to length one; rows of zeros stay zeros.

    Lengths are taken in float64: the square of a small or large float32 number is not a float32
        number.
    """
    if sparse.issparse(X):
        wide = X.astype(np.float64)
        norms = np.sqrt(np.asarray(wide.multiply(wide).sum(axis=1)).ravel())
        return sparse.csr_matrix(sparse.diags(inverse(norms)) @ wide, dtype=np.float32)
    norms = np.sqrt(np.einsum("ij,ij->i", X, X, dtype=np.float64))
    out: Floats = np.empty(X.shape, np.float32)
    np.multiply(X, inverse(norms)[:, None], out=out, casting="same_kind")
    return out


def within(room: Floats | None, n_rows: int, n_columns: int) -> Floats:
    """float32 [n_rows, n_columns], the first rows of `room` where it has as many, else new ones;
    what stands in it is of no meaning.
    """
    if room is None or room.shape[1] != n_columns or len(room) < n_rows:
        return np.empty((n_rows, n_columns), np.float32)
    return room[:n_rows]


def inverse(x: NDArray[Any]) -> NDArray[Any]:
    """1 / x, and 0 where x is 0."""
    return np.asarray(np.divide(1.0, x, out=np.zeros_like(x, dtype=np.float64), where=x != 0))


def dense(X: Matrix) -> Floats:
    """`X` as a float32 array, whether it was sparse or not."""
    return np.asarray(X.toarray() if sparse.issparse(X) else X, np.float32)
