"""Text kernel: items whose content resembles what the user had last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge
from scipy import sparse

from palate.arrays import Floats, Mask, Matrix, Sparse, dense
from palate.capabilities import Costed, Described, ReadsOneBlock
from palate.errors import BadRecipe
from palate.model.history_weights import ALL_ALIKE, LATEST_FIRST, HistoryWeights
from palate.model.item_item import ItemItem
from palate.model.similarity import Both, Factored, Similarity, Thin, Whole, padded_square, stored
from palate.model.strongest import strongest
from palate.stages import NewItems
from palate.tables import Block, FeatureTable, Training
from palate.work import LogSize, Work

ROWS_AT_ONCE = 1_024
GATHERED = 2_000.0
"""Multiplications of a product of matrices in the time that a number of an event's row takes to be
fetched and weighed."""
FULL = 0.5
"""A column of a sparse block that a greater share of the items has is a full one."""
DENSEST = 0.25
"""Above this share of non-zero pairs a sparse item-item matrix costs more than its two factors, and
a dense one less than either."""
MOST_WHOLE = 16_000
"""Items up to which a dense item-item matrix is made, of one GiB."""
MOST_PRODUCTS = 50_000_000
"""Above so many products the pairs of more items are not multiplied out: they would take 8 bytes
each, in every control again, and scoring by way of the words is as quick."""


@dataclass(frozen=True)
class TextKernelSettings:
    """Block, neighbourhood and query."""

    block: str | None = None
    """Which block of features; None: the first of the recipe."""
    neighbours: Annotated[int, Ge(1)] | None = None
    """Keep only the so many most similar items of each item; None: all."""
    query: HistoryWeights = LATEST_FIRST
    """How much each event of a history counts."""


class TextKernel(ItemItem[TextKernelSettings], ReadsOneBlock, Costed, Described):
    """Score = sum over the history of the weight of the event times the cosine of its item and the
    candidate.

    Needs no behaviour at all, so it also ranks items without events; beside an ID model it
    belongs into `model.blend.v1`. Any block will do, of words, images or fields; an item without
    content scores 0.

    Args:
        settings: See `TextKernelSettings`.

    Cost: dense blocks of width d: n_cases n_items d multiplications when scoring and no n_items^2
        matrix;
    sparse ones: the pairs of items that share a word, once; up to 16,000 items all pairs, where
        most share one.
    """

    does: ClassVar[str] = "items whose content is like that of the history, popular or not."
    Settings = TextKernelSettings
    new_items: ClassVar[NewItems] = "scored"

    @classmethod
    def work(cls, settings: TextKernelSettings, size: LogSize) -> Work:
        """One pass over the block; each case meets all items, and its events are gathered."""
        width = float(max(size.width, 1))
        numbers = size.items * width
        scored = numbers + GATHERED * size.history * width
        return Work(numbers, scored, 8.0 * numbers)

    def learn(self, training: Training) -> Similarity:
        """B [n_items, n_items]: cosines, diagonal 0."""
        block = chosen(training.features, self.settings.block)
        return self._cosines(block.unit_rows)

    def extended(self, known: Similarity, features: FeatureTable) -> Similarity:
        """The cosines of all items; with `neighbours`, a new item comes to the neighbours of an old
        one and takes no one's place.
        """
        block = chosen(features, self.settings.block)
        E, n = block.unit_rows, known.n_items
        whole = self._cosines(E)
        if self.settings.neighbours is None or not isinstance(whole, Thin):
            return whole
        old = padded_square(stored(known), len(features.items))
        new = sparse.csr_matrix(whole.B, copy=True)
        row = np.repeat(np.arange(len(features.items)), np.diff(new.indptr))
        new.data[(row < n) & (new.indices < n)] = 0
        new.eliminate_zeros()
        return Thin(sparse.csr_matrix(old + new, dtype=np.float32))

    def _cosines(self, E: Matrix) -> Similarity:
        """B of rows of length one."""
        if self.settings.neighbours is not None:
            return Thin(nearest_rows(E, self.settings.neighbours))
        if not sparse.issparse(E):
            return Factored(E, E)
        thin, full = by_fullness(sparse.csr_matrix(E))
        if len(full) > MOST_WHOLE and _n_products(thin) > MOST_PRODUCTS:
            return Factored(E, E)
        K = _without_diagonal(sparse.csr_matrix(thin @ thin.T))
        if K.nnz <= DENSEST * K.shape[0] * K.shape[1]:
            return Both(Thin(K), Factored(full, full)) if full.shape[1] else Thin(K)
        return Factored(E, E) if len(full) > MOST_WHOLE else Whole(_written_out(K, full))


@dataclass(frozen=True)
class TextKernelV2Settings(TextKernelSettings):
    """Block, neighbourhood and query."""

    query: HistoryWeights = ALL_ALIKE
    """How much each event of a history counts; where the order is real, `last` and `fade` follow
    the newest ones."""


class TextKernelV2(TextKernel):
    """The text kernel over the whole history: version 1 listens to the latest events, which are any
    where a log has no real order.

    Args:
        settings: See `TextKernelV2Settings`.

    Cost: as version 1.
    """

    Settings = TextKernelV2Settings


def _n_products(thin: Sparse) -> float:
    """How many products of two numbers all pairs of rows take together."""
    often = np.bincount(thin.indices, minlength=thin.shape[1]).astype(np.float64)
    return float(often @ often)


def _written_out(K: Sparse, full: Floats) -> Floats:
    """float32 [n, n], K and the products of the rows of `full` [n, d], with nought on the
    diagonal.
    """
    B = np.asarray(K.toarray(), np.float32)
    if full.shape[1]:
        B += full @ full.T
        np.fill_diagonal(B, 0)
    return B


def by_fullness(E: Sparse) -> tuple[Sparse, Floats]:
    """The columns of `E` [n, d] that at most half of the items have, and the others as a dense
    array.

    A fused block holds words beside vectors; multiplied as one sparse matrix the vectors would pair
    all items.
    """
    often = np.bincount(E.indices, minlength=E.shape[1]) > FULL * max(E.shape[0], 1)
    if not often.any():
        return E, np.zeros((E.shape[0], 0), np.float32)
    columns = sparse.csc_matrix(E)
    thin, full = (sparse.csr_matrix(columns[:, np.flatnonzero(some)]) for some in (~often, often))
    return thin, dense(full)


def chosen(features: FeatureTable, name: str | None) -> Block:
    """The named block, or the first one.

    Raises:
        BadRecipe: No such block, or no block at all.
    """
    if name is not None:
        return features.block(name)
    if not features.blocks:
        raise BadRecipe(
            "this model needs a block of features, and the recipe has none",
            where="block",
            next_step='add a [[blocks]] entry such as part = "text.tfidf.v1"',
        )
    return next(iter(features.blocks.values()))


def nearest_rows(E: Matrix, k: int, lending: Mask | None = None) -> Sparse:
    """float32 CSR [n, n], the k largest products of each row of `E` [n, d] with the others;
    diagonal 0.

    Args:
        E: float32 [n, d], dense or CSR.
        k: Most products of a row that stay.
        lending: bool [n], rows that may be found; products with the others count as 0. None: all.

    Cost: n^2 d multiplications, in strips of rows, so that no n x n matrix exists.
    """
    thin, full = by_fullness(sparse.csr_matrix(E)) if sparse.issparse(E) else (None, dense(E))
    strips = []
    for start in range(0, E.shape[0], ROWS_AT_ONCE):
        part = _products(thin, full, slice(start, start + ROWS_AT_ONCE))
        if lending is not None:
            part = (
                sparse.csr_matrix(part.multiply(lending))
                if sparse.issparse(part)
                else part * lending
            )
        strip = sparse.csr_matrix(part) if sparse.issparse(part) else _top_of(dense(part), k + 1)
        rows = np.arange(strip.shape[0])
        strip = _without_entries(strip, rows, rows + start)
        strips.append(strongest(strip, k))
    return sparse.csr_matrix(sparse.vstack(strips), dtype=np.float32)


def _products(thin: Sparse | None, full: Floats, rows: slice) -> Matrix:
    """Products of some rows with all, of the columns that both have."""
    if thin is None:
        return np.asarray(full[rows] @ full.T, np.float32)
    part = sparse.csr_matrix(thin[rows] @ thin.T)
    return part if not full.shape[1] else np.asarray(dense(part) + full[rows] @ full.T, np.float32)


def _top_of(strip: np.ndarray, k: int) -> Sparse:
    k = min(k, strip.shape[1])
    columns = np.sort(np.argpartition(-strip, k - 1, axis=1)[:, :k], axis=1)
    rows = np.repeat(np.arange(len(strip)), k)
    return sparse.csr_matrix(
        (strip[rows, columns.ravel()], (rows, columns.ravel())), shape=strip.shape
    )


def _without_diagonal(K: Sparse) -> Sparse:
    rows = np.arange(K.shape[0])
    return _without_entries(K, rows, rows)


def _without_entries(K: Sparse, row: np.ndarray, column: np.ndarray) -> Sparse:
    """`K` without its entries at (row [i], column [i]), in its own memory."""
    wanted = np.full(K.shape[0], -1, K.indices.dtype)
    wanted[row] = column
    K.data[K.indices == np.repeat(wanted, np.diff(K.indptr))] = 0
    K.eliminate_zeros()
    return K
