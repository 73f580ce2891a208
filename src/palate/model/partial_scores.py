"""Scores of some items, without those of all others (`palate.capabilities.ScoresSome`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np
from scipy import sparse

from palate.arrays import Doubles, Floats, Longs, Matrix, Ragged, Rows, Sparse, dense, offsets_of
from palate.capabilities import PartialScores
from palate.ranks import top

FAR_BELOW: Final = 0.05
"""Share of the largest number of a vector, below which a number is not looked for: what a history
of many items says least of hardly makes an item one of the best."""


@final
@dataclass(frozen=True, eq=False)
class AllScores:
    """Where all scores are there, or nothing is saved without them.

    Attributes:
        scores: float32 [n_cases, n_items].
    """

    scores: Floats

    def of(self, case: Rows, item: Rows) -> Floats:
        """Looked up."""
        return np.asarray(self.scores[case, item], np.float32)

    def promising(self, most: int, factor: Floats | None = None) -> Ragged:
        """The best ones."""
        scores = self.scores if factor is None else self.scores * factor
        found, _ = top(scores, min(most, scores.shape[1]))
        return Ragged.of([np.sort(row) for row in found])


@final
@dataclass(frozen=True, eq=False)
class FewScores:
    """Where all but a few scores are 0, and are there.

    Attributes:
        scores: float32 CSR [n_cases, n_items].
    """

    scores: Sparse

    def of(self, case: Rows, item: Rows) -> Floats:
        """Looked up, spread out one case after the other."""
        found, room = np.empty(len(item), np.float32), np.zeros(self.scores.shape[1], np.float32)
        ends = np.searchsorted(case, np.arange(self.scores.shape[0] + 1))
        for number, start in enumerate(ends[:-1]):
            columns, values = self._row(number)
            room[columns] = values
            part = slice(start, ends[number + 1])
            found[part] = room[item[part]]
            room[columns] = 0
        return found

    def promising(self, most: int, factor: Floats | None = None) -> Ragged:
        """The best ones above 0."""
        lists = []
        for number in range(self.scores.shape[0]):
            columns, values = self._row(number)
            values = values if factor is None else values * factor[columns]
            lists.append(largest(columns, values, most))
        return Ragged.of(lists)

    def _row(self, number: int) -> tuple[Rows, Floats]:
        span = slice(self.scores.indptr[number], self.scores.indptr[number + 1])
        return self.scores.indices[span], self.scores.data[span]


def largest(items: Rows, values: Floats, most: int) -> Rows:
    """int32, the items [n] of the `most` largest values [n] above 0, ascending."""
    if len(items) > most:
        chosen = np.argpartition(values, len(values) - most)[len(values) - most :]
        items, values = items[chosen], values[chosen]
    return np.sort(items[values > 0])


def united(lists: Sequence[Ragged]) -> Ragged:
    """int32 [n_cases], what any of the lists [n_cases] has, ascending, none twice."""
    cases = zip(*([one[row] for row in range(len(one))] for one in lists), strict=True)
    return Ragged.of([distinct(np.sort(np.concatenate(parts))) for parts in cases])


def distinct(ascending: Rows) -> Rows:
    """int32, each of the items [n] once."""
    first = np.ones(len(ascending), np.bool_)
    np.not_equal(ascending[1:], ascending[:-1], out=first[1:])
    return ascending[first]


@final
@dataclass(frozen=True, eq=False)
class FactoredScores:
    """Products of a vector of each case and a row of each item.

    Attributes:
        vectors: float32 [n_cases, d], CSR where the rows are.
        rows: float32 [n_items, d], dense or CSR.
        columns: CSR [d, n_items], the largest numbers of each column of `rows`, in which promising
            items are looked for; None: in all.
        off: Items of each case, and float32, what is taken off of their scores.
    """

    vectors: Matrix
    rows: Matrix
    columns: Sparse | None
    off: tuple[Ragged, Floats]

    def of(self, case: Rows, item: Rows) -> Floats:
        """The products, less what is taken off."""
        found: Any
        if isinstance(self.rows, np.ndarray):
            found = np.einsum("nd,nd->n", dense(self.vectors)[case], self.rows[item])
        else:
            found = _products(self.rows, item, dense(self.vectors), case)
        items, off = self.off
        n_items = np.int64(self.rows.shape[0])
        keys = case * n_items + item
        own = items.row_of_value() * n_items + items.values
        order = np.argsort(own, kind="stable")
        begin, end = (np.searchsorted(own[order], keys, side) for side in ("left", "right"))
        sums = np.append(0.0, np.cumsum(off[order], dtype=np.float64))
        return np.asarray(found - (sums[end] - sums[begin]), np.float32)

    def promising(self, most: int, factor: Floats | None = None) -> Ragged:
        """The best by the largest numbers of each column."""
        if self.columns is None or isinstance(self.vectors, np.ndarray):
            scores: Any = self.vectors @ self.rows.T
            return AllScores(np.asarray(scores, np.float32)).promising(most, factor)
        few: Any = _heaviest(self.vectors) @ self.columns
        return FewScores(few).promising(most, factor)


def _heaviest(X: Sparse) -> Sparse:
    """CSR, the numbers of each row that are not far below its largest one."""
    rows = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))
    largest = np.zeros(X.shape[0], np.float32)
    np.maximum.at(largest, rows, X.data)
    kept = X.data >= FAR_BELOW * largest[rows]
    ends = np.append(0, np.cumsum(kept))[X.indptr]
    return sparse.csr_matrix((X.data[kept], X.indices[kept], ends), shape=X.shape)


def _products(
    X: Sparse, rows: Rows, vectors: Floats | Doubles, vector: Rows, number: Longs | None = None
) -> Doubles:
    """float64 [n], the rows `rows` [n] of X [m, d] times those of `vectors` [v, d] that `vector`
    [n] names; `number` [d] says where the columns of X are in the vectors if not in their order.
    """
    starts = X.indptr[rows]
    lengths = X.indptr[rows + 1] - starts
    ends = offsets_of(lengths)
    place = np.arange(ends[-1]) + np.repeat(starts - ends[:-1], lengths)
    columns = X.indices[place]
    columns = columns if number is None else number[columns]
    products = X.data[place] * vectors[np.repeat(vector, lengths), columns]
    of_row = np.repeat(np.arange(len(rows)), lengths)
    return np.asarray(np.bincount(of_row, products, len(rows)), np.float64)


def products_of_rows(A: Sparse, a: Rows, B: Sparse, b: Rows) -> Doubles:
    """float64 [n], the rows `a` [n] of A [m, d] times the rows `b` [n] of B [k, d]."""
    if not len(a):
        return np.zeros(0)
    some, which = np.unique(a, return_inverse=True)
    rows = sparse.csr_matrix(A[some])
    # the columns that they have at all, from 0 on; all others are the last one, of noughts
    columns, place = np.unique(rows.indices, return_inverse=True)
    number = np.full(A.shape[1], len(columns), np.int64)
    number[columns] = np.arange(len(columns))
    vectors = np.zeros((len(some), len(columns) + 1))
    np.add.at(vectors, (np.repeat(np.arange(len(some)), np.diff(rows.indptr)), place), rows.data)
    return _products(B, b, vectors, which.astype(np.int32), number)


def largest_of_columns(X: Sparse, most: int) -> Sparse:
    """CSR [d, n], the `most` largest numbers of each column of X [n, d]."""
    columns = sparse.csc_matrix(X)
    kept = np.ones(columns.nnz, np.bool_)
    for column in np.flatnonzero(np.diff(columns.indptr) > most):  # most have fewer
        span = slice(columns.indptr[column], columns.indptr[column + 1])
        few = np.argpartition(columns.data[span], -most)[-most:]
        kept[span] = False
        kept[span.start + few] = True
    ends = np.append(0, np.cumsum(kept))[columns.indptr]
    shape = (X.shape[1], X.shape[0])
    return sparse.csr_matrix((columns.data[kept], columns.indices[kept], ends), shape=shape)


@final
@dataclass(frozen=True, eq=False)
class PaddedScores:
    """Scores of the first items; those of all others are 0.

    Attributes:
        known: The scores.
        n_known: How many items have one.
    """

    known: PartialScores
    n_known: int

    def of(self, case: Rows, item: Rows) -> Floats:
        """The score, or 0."""
        found, within = np.zeros(len(item), np.float32), item < self.n_known
        found[within] = self.known.of(case[within], item[within])
        return found

    def promising(self, most: int, factor: Floats | None = None) -> Ragged:
        """Those of the first items."""
        return self.known.promising(most, None if factor is None else factor[: self.n_known])


@final
@dataclass(frozen=True, eq=False)
class SumOfScores:
    """Scores of several models, each times a factor of the item, added up.

    Attributes:
        parts: The models' scores, and the factors, float32 [n_items].
        plus: float32 [n_items], what is added to each item's sum; None: nothing.
    """

    parts: Sequence[tuple[PartialScores, Floats]]
    plus: Floats | None = None

    def of(self, case: Rows, item: Rows) -> Floats:
        """The sums."""
        found = np.zeros(len(item), np.float32)
        for scores, factor in self.parts:
            found += scores.of(case, item) * factor[item]
        return found if self.plus is None else found + self.plus[item]

    def promising(self, most: int, factor: Floats | None = None) -> Ragged:
        """What is promising to any of the models; the most of `plus` comes with it."""
        lists = [
            scores.promising(most, own if factor is None else own * factor)
            for scores, own in self.parts
        ]
        if self.plus is not None:
            best = largest(np.arange(len(self.plus), dtype=np.int32), self.plus, most)
            lists.append(Ragged.of([best] * len(lists[0])))
        return united(lists)
