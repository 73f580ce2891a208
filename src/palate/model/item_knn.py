"""ItemKNN: cosine between the users of two items, nearest neighbours only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Ge, Le
from scipy import sparse

from palate.arrays import Doubles, Floats, Longs, Rows, Sparse, inverse
from palate.capabilities import Costed, Described
from palate.model.counted import LiveRows
from palate.model.counted_item_item import CountedItemItem
from palate.model.history_weights import ALL_ALIKE, HistoryWeights
from palate.model.item_item import sparse_work
from palate.model.nearest_columns import Nearest
from palate.model.pair_sums import QUANTUM, Change, PairSums, quantised
from palate.model.sorted_events import EventColumns
from palate.model.sparse_products import product
from palate.model.strongest import strongest_unsorted
from palate.model.users_of_both import held, row_sums, users_of_both
from palate.tables import Interactions
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


class ItemKnn(CountedItemItem[ItemKnnSettings], Costed, Described):
    """Score = sum of cosines between the candidate and those of its k nearest items that the user
    had.

    cos(i, j) = users of both / (sqrt(users of i * users of j) + shrink). The classic of the field
    and easy to explain; `model.ease.v1` is usually better. New events are counted on exactly.

    Args:
        settings: See `ItemKnnSettings`.

    Cost: sum over users of history length squared; k n_items numbers kept.

    Deshpande and Karypis, Item-Based Top-N Recommendation Algorithms, TOIS 2004.
    """

    does: ClassVar[str] = "items that the same people took as those of the history."
    Settings = ItemKnnSettings

    @classmethod
    def work(cls, settings: ItemKnnSettings, size: LogSize) -> Work:
        """Each user's items meet each other."""
        return sparse_work(size, size.pairs, settings.neighbours)

    def matrix(self, log: Interactions) -> Sparse:
        """float32 CSR [n_items, n_items], B, k numbers a column."""
        return cosines(log.matrix(), self.settings.shrink, self.settings.neighbours)

    def change(self, before: EventColumns, after: EventColumns, n_items: int) -> Change:
        """Users of each pair of items who are new to it."""
        return users_of_both(before, after, n_items, _alike)

    def live(self, sums: PairSums, counts: Longs) -> LiveRows:
        """B, the neighbours chosen where they are looked at."""
        s = self.settings
        return Nearest(sums, s.neighbours, partial(_cosine, sums.own(), s.shrink))

    def depends_on_catalogue(self) -> bool:
        """No."""
        return False


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


class ItemKnnV2(CountedItemItem[ItemKnnV2Settings], Costed, Described):
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

    does: ClassVar[str] = "items that the same people took as those of the history."
    Settings = ItemKnnV2Settings

    @classmethod
    def work(cls, settings: ItemKnnV2Settings, size: LogSize) -> Work:
        """Each user's items meet each other."""
        return sparse_work(size, size.pairs, settings.neighbours)

    def matrix(self, log: Interactions) -> Sparse:
        """float32 CSR [n_items, n_items], B, k numbers a column."""
        return similarities(log.matrix(), self.settings, self.settings.neighbours)

    def change(self, before: EventColumns, after: EventColumns, n_items: int) -> Change:
        """Weight of the users of each pair of items, less what it was before."""
        weights = _idf if self.settings.user_weights == "idf" else _alike
        return users_of_both(before, after, n_items, weights)

    def live(self, sums: PairSums, counts: Longs) -> LiveRows:
        """B, the neighbours chosen where they are looked at."""
        s = self.settings
        scales = _scales(sums.own(), _per_mean(sums.totals), s)
        return Nearest(sums, s.neighbours, partial(_similarity, scales, s))

    def depends_on_catalogue(self) -> bool:
        """Where users have weights: they depend on how many items there are."""
        return self.settings.user_weights == "idf"


def similarities(X: Sparse, s: ItemKnnV2Settings, neighbours: int | None = None) -> Sparse:
    """float32 CSR [n_items, n_items], shrunk similarity of each pair of columns of `X` [n_users,
    n_items], the history's item first; diagonal 0. Of each candidate the so many nearest, or all.
    """
    weights = (_idf if s.user_weights == "idf" else _alike)(row_sums(X), X.shape[1])
    scales = _scales(_own(X, weights), _per_mean(held(X, weights)), s)
    return _nearest(X, weights, partial(_similarity, scales, s), neighbours)


def cosines(X: Sparse, shrink: float, neighbours: int | None = None) -> Sparse:
    """float32 CSR [n_items, n_items], shrunk cosine of each pair of columns of `X` [n_rows,
    n_items]; diagonal 0. Of each candidate the so many nearest, or all.
    """
    weights = np.ones(X.shape[0])
    return _nearest(X, weights, partial(_cosine, _own(X, weights), shrink), neighbours)


def _own(X: Sparse, weights: Doubles) -> Doubles:
    """float64 [n_items], the diagonal of X' diag(weights) X."""
    return np.asarray(X.multiply(X).T @ weights, np.float64)


def _nearest(
    X: Sparse,
    weights: Doubles,
    of: Callable[[Rows, Rows, Doubles], Floats],
    neighbours: int | None,
) -> Sparse:
    """float32 CSR [n_items, n_items], `of` what a history's item and a candidate have in common in
    X' diag(weights) X, for `X` [n_users, n_items]; the largest `neighbours` of each candidate, or
    all.
    """

    def then(G: Sparse, candidates: Longs) -> Sparse:
        """Of the candidates' rows."""
        candidate = np.repeat(candidates.astype(np.int32), np.diff(G.indptr))
        data = of(G.indices, candidate, G.data)
        data[G.indices == candidate] = 0
        S = sparse.csr_matrix((data, G.indices, G.indptr), shape=G.shape)
        return strongest_unsorted(S, S.shape[1] if neighbours is None else neighbours)

    weighed = sparse.csr_matrix(sparse.diags(weights) @ X, dtype=np.float64)
    return sparse.csr_matrix(product(sparse.csr_matrix(X.T), weighed, then).T)


def _cosine(own: Doubles, shrink: float, row: Rows, col: Rows, both: Doubles) -> Floats:
    norms = np.sqrt(own)
    return np.asarray(both * inverse(norms[row] * norms[col] + shrink), np.float32)


@dataclass(frozen=True, eq=False)
class _Scales:
    """What denominators are made of.

    Attributes:
        mean: Over the mean weight, so that `shrink` is a number of users with and without weights.
        own: float64 [n_items], weight of the users of each item.
        left: float64 [n_items], its power for items of the history.
        right: float64 [n_items], its power for candidates.
    """

    mean: float
    own: Doubles
    left: Doubles
    right: Doubles


def _scales(own: Doubles, mean: float, s: ItemKnnV2Settings) -> _Scales:
    own = own * mean
    return _Scales(mean, own, np.power(own, s.alpha), np.power(own, 1 - s.alpha))


def _similarity(
    scales: _Scales, s: ItemKnnV2Settings, row: Rows, col: Rows, both: Doubles
) -> Floats:
    both = both * scales.mean
    if s.similarity == "jaccard":
        among = scales.own[row] + scales.own[col] - both
    else:
        among = scales.left[row] * scales.right[col]
    return np.asarray(both * inverse(among + s.shrink), np.float32)


def _alike(n: Doubles, n_items: int) -> Doubles:
    return np.ones(len(n))


def _idf(n: Doubles, n_items: int) -> Doubles:
    return quantised(np.log1p(n_items * inverse(n)) ** 2)


def _per_mean(totals: Longs) -> float:
    """1 over the mean weight of the pairs of a user and an item."""
    pairs, weight = (float(total) for total in totals)
    return pairs / (weight * QUANTUM) if weight else 0.0
