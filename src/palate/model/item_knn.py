"""ItemKNN: cosine between the users of two items, nearest neighbours only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge
from scipy import sparse

from palate.arrays import Sparse, inverse
from palate.model.history_weights import ALL_ALIKE, HistoryWeights
from palate.model.item_item import IdItemItem
from palate.model.similarity import Similarity, Thin, strongest
from palate.tables import Training


@dataclass(frozen=True)
class ItemKnnSettings:
    """Neighbourhood and shrinkage."""

    neighbours: Annotated[int, Ge(1)] = 100
    """How many nearest items each candidate listens to."""
    shrink: Annotated[float, Ge(0)] = 0.0
    """Added to the denominator of the cosine, so that similarities seen on few users count less."""
    query: HistoryWeights = ALL_ALIKE
    """How much each event of a history counts."""


class ItemKnn(IdItemItem[ItemKnnSettings]):
    """Score = sum of cosines between the candidate and those of its k nearest items that the user
    had.

    cos(i, j) = users of both / (sqrt(users of i * users of j) + shrink). The classic of the field
    and easy to explain; `model.ease.v1` is usually better.

    Args:
        settings: See `ItemKnnSettings`.

    Cost: sum over users of history length squared; k n_items numbers kept.

    Deshpande and Karypis, Item-Based Top-N Recommendation Algorithms, TOIS 2004.
    """

    Settings = ItemKnnSettings

    def learn(self, training: Training) -> Similarity:
        """B [n_items, n_items], k numbers a column."""
        S = cosines(training.log.matrix(), self.settings.shrink)
        return Thin(sparse.csr_matrix(strongest(S, self.settings.neighbours).T))


def cosines(X: Sparse, shrink: float) -> Sparse:
    """float32 CSR [n_items, n_items], shrunk cosine of each pair of columns of `X` [n_rows,
    n_items]; diagonal 0.
    """
    G = sparse.coo_matrix(X.T @ X)
    norms = np.sqrt(np.asarray(X.multiply(X).sum(axis=0), np.float64).ravel())
    off = G.row != G.col
    row, col = G.row[off], G.col[off]
    data = G.data[off] * inverse(norms[row] * norms[col] + shrink)
    return sparse.csr_matrix((data.astype(np.float32), (row, col)), shape=G.shape)
