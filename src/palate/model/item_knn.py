"""ItemKNN: cosine between the users of two items, nearest neighbours only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Le
from scipy import sparse

from palate.arrays import Sparse, inverse
from palate.capabilities import Costed
from palate.model.history_weights import ALL_ALIKE, HistoryWeights
from palate.model.item_item import IdItemItem, sparse_work
from palate.model.similarity import Similarity, Thin, strongest, strongest_of_columns
from palate.tables import Training
from palate.work import LogSize, Work


@dataclass(frozen=True)
class ItemKnnSettings:
    """Neighbourhood and shrinkage."""

    neighbours: Annotated[int, Ge(1)] = 100
    """How many nearest items each candidate listens to."""
    shrink: Annotated[float, Ge(0)] = 0.0
    """Added to the denominator of the cosine, so that similarities seen on few users count less."""
    query: HistoryWeights = ALL_ALIKE
    """How much each event of a history counts."""


class ItemKnn(IdItemItem[ItemKnnSettings], Costed):
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

    @classmethod
    def work(cls, settings: ItemKnnSettings, size: LogSize) -> Work:
        """Each user's items meet each other."""
        return sparse_work(size, size.pairs, settings.neighbours)

    def learn(self, training: Training) -> Similarity:
        """B [n_items, n_items], k numbers a column."""
        S = cosines(training.log.matrix(), self.settings.shrink)
        return Thin(sparse.csr_matrix(strongest(S, self.settings.neighbours).T))


@dataclass(frozen=True)
class ItemKnnV2Settings:
    """Similarity, neighbourhood and shrinkage."""

    similarity: Literal["cosine", "jaccard"] = "cosine"
    """Users of both items over: n_i^alpha n_j^(1 - alpha); or the users of at least one."""
    alpha: Annotated[float, Ge(0), Le(1)] = 0.7
    """With `"cosine"`: share of the history's item in the denominator; 0.5 is the plain cosine,
    more favours popular candidates."""
    user_weights: Literal["alike", "idf"] = "idf"
    """Every user counts the same, or those of n items log(1 + n_items / n) times: long histories
    say less of any two items. That is what TF-IDF does here."""
    neighbours: Annotated[int, Ge(1)] = 100
    """How many nearest items each candidate listens to."""
    shrink: Annotated[float, Ge(0)] = 10.0
    """So many further users in the denominator: similarities seen on few users count less."""
    query: HistoryWeights = ALL_ALIKE
    """How much each event of a history counts."""


class ItemKnnV2(IdItemItem[ItemKnnV2Settings], Costed):
    """Score = sum of similarities between the candidate and those of its k nearest items that the
    user had.

    With g(i, j) the weighted number of users of both and n_i = g(i, i): cosine = g(i, j) /
    (n_i^alpha n_j^(1 - alpha) + shrink), Jaccard = g(i, j) / (n_i + n_j - g(i, j) + shrink).
    Shrunk, asymmetric and with weighted users by default, unlike version 1: what holds on full and
    on sparse logs.

    Args:
        settings: See `ItemKnnV2Settings`.

    Cost: sum over users of history length squared; k n_items numbers kept.

    Deshpande and Karypis, Item-Based Top-N Recommendation Algorithms, TOIS 2004; Aiolli, Efficient
    Top-N Recommendation for Very Large Scale Binary Rated Datasets, RecSys 2013 (alpha).
    """

    Settings = ItemKnnV2Settings

    @classmethod
    def work(cls, settings: ItemKnnV2Settings, size: LogSize) -> Work:
        """Each user's items meet each other."""
        return sparse_work(size, size.pairs, settings.neighbours)

    def learn(self, training: Training) -> Similarity:
        """B [n_items, n_items], k numbers a column."""
        S = similarities(training.log.matrix(), self.settings)
        return Thin(strongest_of_columns(S, self.settings.neighbours))


def similarities(X: Sparse, s: ItemKnnV2Settings) -> Sparse:
    """float32 CSR [n_items, n_items], shrunk similarity of each pair of columns of `X` [n_users,
    n_items], the history's item first; diagonal 0.
    """
    n = np.asarray(X.sum(axis=1), np.float64).ravel()
    weights = np.log1p(X.shape[1] * inverse(n)) ** 2 if s.user_weights == "idf" else np.ones(len(n))
    # Over their mean, so that `shrink` is a number of users with and without weights.
    held = weights * n
    weights = weights * (n.sum() * inverse(np.array([held.sum()])))
    G = sparse.coo_matrix(X.T @ (sparse.diags(weights) @ X))
    own = G.diagonal()
    off = G.row != G.col
    row, col, both = G.row[off], G.col[off], G.data[off]
    if s.similarity == "jaccard":
        among = own[row] + own[col] - both
    else:
        among = own[row] ** s.alpha * own[col] ** (1 - s.alpha)
    data = (both * inverse(among + s.shrink)).astype(np.float32)
    return sparse.csr_matrix((data, (row, col)), shape=G.shape)


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
