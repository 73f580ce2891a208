"""iALS: matrix factorisation of implicit feedback by alternating least squares, with content behind
the items.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from annotated_types import Ge, Gt, Le
from scipy import linalg, sparse

from palate.arrays import Doubles, Floats, Matrix, Rows, Sparse, dense, l2_normalised
from palate.capabilities import Narrowed, Reads
from palate.errors import BadRecipe, Refused
from palate.growth import check_grown, new_rows, padded
from palate.model.history_weights import ALL_ALIKE, HistoryWeights
from palate.model.item_item import check_items, fitted, popularity_prior
from palate.model.least_squares import solved
from palate.seeding import generator
from palate.stages import FitContext, NewItems, Scorer
from palate.store import Artefact
from palate.tables import FeatureTable, Histories, Training

WIDEST = 10_000


@dataclass(frozen=True)
class IalsSettings:
    """Size, ridges, content and query."""

    factors: Annotated[int, Ge(1), Le(1_024)] = 64
    """k, numbers for each user and each item."""
    epochs: Annotated[int, Ge(1)] = 12
    """Rounds over users and items."""
    unobserved: Annotated[float, Gt(0)] = 0.3
    """Weight of each pair that did not happen, against 1 for one that did."""
    l2: Annotated[float, Gt(0)] = 0.015
    """Ridge on the factors; grows with how often a user or item occurs, by `frequency_power`."""
    frequency_power: Annotated[float, Ge(0), Le(1)] = 1.0
    """A user or item of n events has the ridge l2 (n + unobserved * all of the other
    side)^frequency_power."""
    block: str | None = None
    """Block of features that an item's factors are expected from; None: they are expected to be
    0."""
    l2_content: Annotated[float, Gt(0)] = 1.0
    """Ridge of the map from content to factors."""
    query: HistoryWeights = ALL_ALIKE
    """How much each event of a history counts."""


class Ials(Narrowed):
    """Score = u' v_i, where v are learnt factors of the items and u is solved for from the history.

    With a `block`, v_i is drawn towards W' f_i, a linear map of the item's content, so that items
    of few events lean on content and items of none have nothing else: the feature-aware iALS. A
    different view of the data than the item-item models, so it adds to them in `model.blend.v1`;
    alone, `model.ease.v1` is usually stronger where it fits into memory, while this one takes any
    number of items.

    Args:
        settings: See `IalsSettings`.

    Cost: each epoch n_rows k^2 + (n_users + n_items) k^3 multiplications.

    Hu, Koren and Volinsky, Collaborative Filtering for Implicit Feedback Datasets, ICDM 2008;
    Rendle et al., Revisiting the Performance of iALS on Item Recommendation Benchmarks, RecSys
    2022.
    """

    Settings = IalsSettings
    uses_validation: ClassVar[bool] = False
    items_: Floats
    counts_: Doubles
    map_: Floats | None
    n_fitted_: int

    def __init__(self, settings: IalsSettings | None = None) -> None:
        self.settings = settings or IalsSettings()

    @classmethod
    def reads(cls, settings: IalsSettings) -> Reads:
        """The block that factors are expected from, if any."""
        named = (settings.block,) if settings.block else ()
        return Reads(blocks=named, spares_all=True)

    @classmethod
    def narrowed(cls, settings: IalsSettings, left: Reads) -> IalsSettings:
        """The settings with the block that is left, or none."""
        return replace(settings, block=next(iter(left.blocks), None))

    @property
    def new_items(self) -> NewItems:
        """With a block a new item has the factors that its content leads to; else none."""
        return "untouched" if self.settings.block is None else "scored"

    def fit(self, training: Training, context: FitContext = FitContext()) -> Self:
        """Alternate between users and items.

        Raises:
            BadRecipe: There is no such block.
            Refused: The training part is empty.
        """
        if not len(training.log):
            raise Refused(
                "the training part has no event", next_step="choose a split that leaves some"
            )
        s, X = self.settings, training.log.matrix()
        # Users without events have factors of zero and add nothing to U'U, so the items' ridges do
        # not count them either.
        n_users = int(np.count_nonzero(np.diff(X.indptr)))
        content = None if s.block is None else _Content.of(training, s, n_users)
        # Rows of length about 0.1 for any k. Small, so that the data decide; not zero, because from
        # zero factors both half-steps stay there.
        start = generator(context.seed, "ials").normal(
            0, 0.1 / np.sqrt(s.factors), (X.shape[1], s.factors)
        )
        V, Xt = start.astype(np.float32), sparse.csr_matrix(X.T)
        n = np.diff(Xt.indptr)
        for _ in range(s.epochs):
            U = _half(X, V, s, self._ridges(np.diff(X.indptr), X.shape[1]), None)
            before = V
            V = _half(
                Xt, U, s, self._ridges(n, n_users), None if content is None else content.expected(V)
            )
        self.items_, self.counts_ = V, training.log.item_counts().astype(np.float64)
        alone = self._ridges(np.zeros(1), n_users)[0]
        self.map_ = None if content is None else content.untouched(before, U, s.unobserved, alone)
        self.n_fitted_ = len(V)
        return self

    def grow(self, features: FeatureTable) -> Self:
        """The same factors, and those of new items as of items that no one has touched."""
        V: Floats = fitted(self, "items_")
        check_grown(features, len(V))
        more = copy.copy(self)
        more.items_ = padded(V, len(features.items))
        if self.map_ is not None:
            block = features.block(str(self.settings.block))
            more.items_[len(V) :] = new_rows(block, len(V), len(self.map_)) @ self.map_
        more.counts_ = padded(self.counts_, len(features.items))
        return more

    def score(self, histories: Histories) -> Floats:
        """float32 [n_cases, n_items]; the popularity of the items where there is no history."""
        V: Floats = fitted(self, "items_")
        check_items(histories, len(V))
        X = self.settings.query.matrix(histories, len(V))
        scores = self._solved(X, np.asarray(X @ V, np.float32)) @ V.T
        scores[histories.items.lengths() == 0] = popularity_prior(self.counts_)
        return np.asarray(scores, np.float32)

    def contributions(self, histories: Histories, item: Rows) -> Doubles:
        """float64 [n_values]: u is a sum over the events once the history's matrix is inverted, and
        so is the score.
        """
        V: Floats = fitted(self, "items_")
        check_items(histories, len(V))
        # u = A^-1 sum w_i v_i and A is symmetric, so u' v is the sum of w_i v_i' (A^-1 v)
        turned = self._solved(self.settings.query.matrix(histories, len(V)), V[item])
        along = (
            V[histories.items.values].astype(np.float64) * turned[histories.items.row_of_value()]
        ).sum(axis=1)
        return np.asarray(self.settings.query.weights(histories) * along, np.float64)

    def state(self) -> Artefact:
        """Item factors and counts, and what leads from content to factors."""
        arrays = {"items": fitted(self, "items_"), "counts": self.counts_}
        if self.map_ is not None:
            arrays["map"] = self.map_
        return Artefact(arrays, {"fitted": self.n_fitted_})

    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Take up the factors; there are no members."""
        self.items_, self.counts_ = (
            np.asarray(state.arrays["items"]),
            np.asarray(state.arrays["counts"]),
        )
        self.map_ = np.asarray(state.arrays["map"]) if "map" in state.arrays else None
        self.n_fitted_ = int(state.facts.get("fitted", len(self.items_)))
        return self

    def _ridges(self, counts: Any, n_others: int) -> Floats:
        s = self.settings
        return np.asarray(
            s.l2 * np.power(counts + s.unobserved * n_others, s.frequency_power), np.float32
        )

    def _solved(self, X: Sparse, wanted: Floats) -> Floats:
        V = self.items_
        # All pairs at once, as one k x k matrix; what happened is added to it row by row. Otherwise
        # a row would cost n_items k^2.
        # Items that came after `fit` are no pairs that did not happen: no one could have them.
        fitted_then = V[: self.n_fitted_]
        base = np.float32(self.settings.unobserved) * (fitted_then.T @ fitted_then)
        return solved(X, V, base, self._ridges(np.diff(X.indptr), self.n_fitted_), wanted)


def _half(X: Sparse, V: Floats, s: IalsSettings, ridge: Floats, expected: Floats | None) -> Floats:
    """The best factors [n_rows, k] of one side, given those of the other, `V` [n, k]."""
    wanted = np.asarray(X @ V, np.float32)
    if expected is not None:
        # a ridge around `expected` in place of 0 moves its centre to the right-hand side
        wanted += ridge[:, None] * expected
    return solved(X, V, np.float32(s.unobserved) * (V.T @ V), ridge, wanted)


@dataclass(frozen=True)
class _Content:
    """The ridge regression from content to factors, factorised once.

    Attributes:
        F: [n_items, d], rows of length one.
        ridge: float32 [n_items], how strongly each item is drawn to what is expected of it.
        factor: Cholesky factor of F' diag(ridge) F + l2_content I.
    """

    F: Matrix
    ridge: Floats
    factor: Any

    @classmethod
    def of(cls, training: Training, s: IalsSettings, n_users: int) -> _Content:
        block = training.features.block(str(s.block))
        if block.width > WIDEST:
            raise BadRecipe(
                f'block "{block.name}" has {block.width} columns',
                where="block",
                allowed=f"at most {WIDEST}",
                next_step="make it narrower, with min_df for words or with a geometry step",
            )
        F = l2_normalised(block.finite())
        n = np.diff(sparse.csr_matrix(training.log.matrix().T).indptr)
        ridge = (s.l2 * np.power(n + s.unobserved * n_users, s.frequency_power)).astype(np.float32)
        # Weighed by the items' own ridges, so that map and factors lower one and the same loss by
        # turns.
        A: Any = F.T @ (sparse.diags(ridge) @ F)
        A = dense(A) + s.l2_content * np.eye(F.shape[1], dtype=np.float32)
        return cls(F, ridge, linalg.cho_factor(A, lower=True, overwrite_a=True))

    def untouched(self, V: Floats, U: Floats, unobserved: float, ridge: float) -> Floats:
        """float32 [d, k], from the content of an item without events to its factors.

        Its half-step has no event, so what is expected of it by `V` [n_items, k] is only drawn to 0
        by the pairs with all users `U` [n_users, k], which did not happen.
        """
        W = linalg.cho_solve(self.factor, np.asarray(self.F.T @ (self.ridge[:, None] * V)))
        own = ridge * np.eye(V.shape[1], dtype=np.float32)
        drawn = np.linalg.solve(np.float32(unobserved) * (U.T @ U) + own, ridge * W.T)
        return np.asarray(drawn.T, np.float32)

    def expected(self, V: Floats) -> Floats:
        """float32 [n_items, k], W' f of each item for the W that fits `V` [n_items, k] best."""
        W = linalg.cho_solve(self.factor, np.asarray(self.F.T @ (self.ridge[:, None] * V)))
        return np.asarray(self.F @ W, np.float32)
