"""Borrowed co-occurrence: an item stands where the items most like it in content stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Gt
from scipy import sparse

from palate.arrays import Mask, Matrix, Sparse, inverse, l2_normalised
from palate.capabilities import Described, ReadsOneBlock
from palate.errors import Refused
from palate.model.cooccurrence import CooccurrenceSettings, cooccurrence
from palate.model.history_weights import ALL_ALIKE, HistoryWeights
from palate.model.item_item import ItemItem
from palate.model.similarity import Lending, Similarity, padded_square
from palate.model.strongest import strongest
from palate.model.text_kernel import chosen, nearest_rows
from palate.stages import NewItems
from palate.tables import FeatureTable, Training


@dataclass(frozen=True)
class BorrowedSettings:
    """Block, lenders, and the co-occurrence that is lent."""

    block: str | None = None
    """Which block of features tells who lends to whom; None: the first of the recipe."""
    lenders: Annotated[int, Ge(1)] = 10
    """How many most similar items that somebody touched lend to an item."""
    power: Annotated[float, Gt(0)] = 2.0
    """A lender of cosine c counts c^power, in shares that sum to 1: the greater, the more the
    nearest one counts."""
    neighbours: Annotated[int, Ge(1)] | None = None
    """Keep only the so many strongest candidates of each item; None: all."""
    cooccurrence: CooccurrenceSettings = field(
        default_factory=lambda: CooccurrenceSettings(target_power=0.7, query=ALL_ALIKE)
    )
    """How co-occurrence is counted, and how much each event of a history counts."""

    @property
    def query(self) -> HistoryWeights:
        """How much each event of a history counts."""
        return self.cooccurrence.query


class Borrowed(ItemItem[BorrowedSettings], ReadsOneBlock, Described):
    """Score = co-occurrence scores of the items that are most like the candidate in content,
    weighed by similarity.

    A text kernel can only offer more of the same; this offers what goes with it, and does so for
    items without any event: a new conditioner beside the shampoo that other conditioners were
    bought with. No item borrows from itself, so rare and new items compete on one footing. Beside
    `model.text_kernel.v1` in `model.blend.v1` it finds a seventh more of the new products of Amazon
    Beauty; new films, books and places are found better by similarity alone, and for items with
    many events of their own `model.cooccurrence.v1` is better. An item without content, or like no
    item that was touched, scores 0.

    Args:
        settings: See `BorrowedSettings`.

    Cost: n_items^2 d multiplications for the lenders of dense blocks of width d; the pairs that
    stand together times `lenders`.
    """

    does: ClassVar[str] = "as co-occurrence, lent to an item by those most like it in content."
    Settings = BorrowedSettings
    new_items: ClassVar[NewItems] = "scored"

    def learn(self, training: Training) -> Similarity:
        """B [n_items, n_items], sparse: B = C T' for co-occurrence C and the lenders' shares T."""
        s = self.settings
        block = chosen(training.features, s.block)
        T = lenders(
            l2_normalised(block.finite()),
            training.log.item_counts() > 0,
            s.lenders,
            s.power,
        )
        C = cooccurrence(training.log, s.cooccurrence)
        B = sparse.csr_matrix(C @ T.T, dtype=np.float32)
        return Lending(B if s.neighbours is None else strongest(B, s.neighbours), C)

    def extended(self, known: Similarity, features: FeatureTable) -> Similarity:
        """B with columns of the new items, which borrow like all others (`neighbours` leaves them
        be) and lend to none.

        Raises:
            Refused: The model was stored by a palate that did not keep what is lent.
        """
        if not isinstance(known, Lending):
            raise Refused(
                "this model was stored without what its items lend", next_step="fit it again"
            )
        s, n_items = self.settings, len(features.items)
        E = l2_normalised(chosen(features, s.block).finite())
        touched = np.arange(n_items) < known.n_items
        touched[: known.n_items] = self.prior_[: known.n_items] > 0
        T = lenders(E, touched, s.lenders, s.power)
        lent = padded_square(known.lent, n_items)
        new = sparse.diags((np.arange(n_items) >= known.n_items).astype(np.float32))
        B = padded_square(known.B, n_items) + sparse.csr_matrix(lent @ T.T) @ new
        return Lending(sparse.csr_matrix(B, dtype=np.float32), lent)


def lenders(E: Matrix, touched: Mask, k: int, power: float) -> Sparse:
    """float32 CSR [n, n]: in each row the k `touched` items most like it, by cosine^power, summing
    to 1.

    Args:
        E: [n, d], rows of length 1 (or 0), dense or sparse.
        touched: bool [n], who may lend.
        k: Most lenders of an item.
        power: > 0.
    """
    K = nearest_rows(E, k, touched)
    K.data = np.power(np.maximum(K.data, 0), power, dtype=np.float32)
    K.eliminate_zeros()
    totals = np.asarray(K.sum(axis=1), np.float64).ravel()
    return sparse.csr_matrix(sparse.diags(inverse(totals)) @ K, dtype=np.float32)
