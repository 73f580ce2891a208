"""iALS: matrix factorisation of implicit feedback by alternating least squares, with content behind
the items.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from annotated_types import Ge, Gt, Le
from scipy import linalg, sparse

from palate.arrays import Doubles, Floats, Matrix, Rows, Sparse, dense, l2_normalised, within
from palate.capabilities import Costed, Described, Narrowed, Reads, ScoresInto
from palate.errors import BadRecipe, Refused
from palate.execute import one_thread_each
from palate.growth import check_grown, new_rows, padded
from palate.model.debias import InversePropensity
from palate.model.history_weights import ALL_ALIKE, HistoryWeights
from palate.model.item_item import check_items, fitted, popularity_prior
from palate.model.least_squares import Batches, Half, Side
from palate.seeding import generator
from palate.stages import FitContext, NewItems, Scorer
from palate.store import Artefact
from palate.tables import FeatureTable, Histories, Interactions, Training
from palate.work import LogSize, Work

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

    def matrix(self, log: Interactions) -> Sparse:
        """float32 [n_users, n_items], 1 for each pair that happened."""
        return log.matrix()

    def loss(self, X: Sparse) -> Loss:
        """The numbers as they stand here, for the log's matrix X [n_users, n_items]."""
        # Users without events have factors of zero and add nothing to U'U, so the items' ridges do
        # not count them either.
        n_users = int(np.count_nonzero(np.diff(X.indptr)))
        l2, power = self.l2, self.frequency_power
        return Loss(self.unobserved, l2, l2, power, n_users, X.shape[1])


@dataclass(frozen=True)
class IalsV2Settings:
    """Size, ridges, content and query; nothing depends on how large or how full the log is."""

    factors: Annotated[int, Ge(1), Le(1_024)] = 64
    """k, numbers for each user and each item."""
    epochs: Annotated[int, Ge(1)] = 12
    """Rounds over users and items."""
    unobserved: Annotated[float, Gt(0)] = 30.0
    """Weight of all pairs of a user and an item together, against 1 for all that happened: 10 to
    100. A single pair weighs unobserved * events / (users * items)."""
    l2: Annotated[float, Gt(0)] = 0.15
    """Ridge on the factors: about the strength, against 1 for the strongest, below which a pattern
    is not learnt. 0.03 to 0.4; from 1 on nothing is left."""
    frequency_power: Annotated[float, Ge(0), Le(1)] = 1.0
    """How the ridge grows with how often a user or item occurs; the mean one stays the same."""
    block: str | None = None
    """Block of features that an item's factors are expected from; None: they are expected to be
    0."""
    l2_content: Annotated[float, Gt(0)] = 1.0
    """Ridge of the map from content to factors."""
    query: HistoryWeights = ALL_ALIKE
    """How much each event of a history counts."""
    debias: InversePropensity | None = None
    """Weights of the events, against position or popularity bias; None: all alike."""

    def matrix(self, log: Interactions) -> Sparse:
        """float32 [n_users, n_items], the weight of each pair that happened."""
        return log.matrix() if self.debias is None else self.debias.matrix(log)

    def loss(self, X: Sparse) -> Loss:
        """The numbers here times what the mean user and the mean item of X [n_users, n_items]
        have.
        """
        n_users = int(np.count_nonzero(np.diff(X.indptr)))
        n_items = int(np.count_nonzero(np.bincount(X.indices)))
        # With the ridges l2 (n + unobserved mean n) / (1 + unobserved) the half-steps shrink a
        # pattern of X, levelled by the counts, by l2 over its strength, whatever the log is.
        l2, power = self.l2 / (1 + self.unobserved), self.frequency_power
        user_l2, item_l2 = (
            l2 * ((1 + self.unobserved) * X.nnz / n) ** (1 - power) for n in (n_users, n_items)
        )
        weight = self.unobserved * X.nnz / (n_users * n_items)
        return Loss(weight, user_l2, item_l2, power, n_users, n_items)


@dataclass(frozen=True)
class Loss:
    """What the factors minimise, in absolute numbers.

    The ridge of a user of n events is user_l2 (n + unobserved n_items)^power, that of an item
    likewise.

    Attributes:
        unobserved: Weight of each pair of a user and an item, beside 1 for one that happened.
        user_l2: Scale of the users' ridges.
        item_l2: Scale of the items' ridges.
        power: How ridges grow with the number of events.
        n_users: Users whose pairs count.
        n_items: Items whose pairs count.
    """

    unobserved: float
    user_l2: float
    item_l2: float
    power: float
    n_users: int
    n_items: int

    def of_users(self, counts: Any) -> Floats:
        """float32 [n], ridges of users with so many events."""
        weighed = counts + self.unobserved * self.n_items
        return np.asarray(self.user_l2 * np.power(weighed, self.power), np.float32)

    def of_items(self, counts: Any) -> Floats:
        """float32 [n], ridges of items with so many events."""
        weighed = counts + self.unobserved * self.n_users
        return np.asarray(self.item_l2 * np.power(weighed, self.power), np.float32)


class Ials(Narrowed, ScoresInto, Costed, Described):
    """Score = u' v_i, where v are learnt factors of the items and u is solved for from the history.

    With a `block`, v_i is drawn towards W' f_i, a linear map of the item's content, so that items
    of few events lean on content and items of none have nothing else: the feature-aware iALS. A
    different view of the data than the item-item models, so it adds to them in `model.blend.v1`;
    alone, `model.ease.v1` is usually stronger where it fits into memory, while this one takes any
    number of items.

    Args:
        settings: See `IalsSettings`.

    Cost: each epoch about 20 n_rows k + (n_users + n_items) k^2 multiplications.

    Hu, Koren and Volinsky, Collaborative Filtering for Implicit Feedback Datasets, ICDM 2008;
    Rendle et al., Revisiting the Performance of iALS on Item Recommendation Benchmarks, RecSys
    2022.
    """

    does: ClassVar[str] = (
        "learns a few numbers for each user and item, so that those fit together which "
        "met (matrix factorisation)."
    )
    Settings: ClassVar[type[Any]] = IalsSettings
    uses_validation: ClassVar[bool] = False
    items_: Floats
    counts_: Doubles
    map_: Floats | None
    n_fitted_: int
    loss_: Loss
    _made: tuple[Floats, Side] | None = None

    def __init__(self, settings: IalsSettings | None = None) -> None:
        self.settings: IalsSettings | IalsV2Settings = settings or IalsSettings()

    @classmethod
    def reads(cls, settings: IalsSettings | IalsV2Settings) -> Reads:
        """The block that factors are expected from, if any."""
        return Reads.optional_block(settings.block)

    @classmethod
    def narrowed(
        cls, settings: IalsSettings | IalsV2Settings, left: Reads
    ) -> IalsSettings | IalsV2Settings:
        """The settings with the block that is left, or none."""
        return replace(settings, block=left.first_block)

    @classmethod
    def work(cls, settings: IalsSettings | IalsV2Settings, size: LogSize) -> Work:
        """A few steps over all events for each side, in each round."""
        k, own = settings.factors, min(settings.factors, size.history)
        rows = 8.0 * k * size.events + 4.0 * k * (size.users + size.items)
        scored = size.items * k + k**2 * own
        return Work(settings.epochs * rows, scored, 8.0 * k * (size.users + size.items))

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
        s, X = self.settings, self.settings.matrix(training.log)
        Xt = sparse.csr_matrix(X.T)
        self.loss_ = loss = s.loss(X)
        weight, k = loss.unobserved, s.factors
        users = Half.of(X, loss.of_users(np.diff(X.indptr)), weight, k)
        items = Half.of(Xt, loss.of_items(np.diff(Xt.indptr)), weight, k)
        content = None if s.block is None else _Content.of(training, s, items.ridge)
        # Rows of length about 0.1 for any k. Small, so that the data decide; not zero, because from
        # zero factors both half-steps stay there.
        start = generator(context.seed, "ials").normal(0, 0.1 / np.sqrt(k), (X.shape[1], k))
        V = start.astype(np.float32)
        U = np.zeros((X.shape[0], k), np.float32)
        with one_thread_each():
            for _ in range(s.epochs):
                U = users.solved(V, U)
                before = V
                V = items.solved(U, V, None if content is None else content.expected(V))
        self.items_, self.counts_ = V, training.log.item_counts().astype(np.float64)
        alone = loss.of_items(np.zeros(1))[0]
        self.map_ = (
            None if content is None else content.untouched(before, U, loss.unobserved, alone)
        )
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
        return self.score_into(histories, None)

    def score_into(self, histories: Histories, room: Floats | None) -> Floats:
        """The same, written over `room` where it is large enough."""
        V: Floats = fitted(self, "items_")
        check_items(histories, len(V))
        U = self._solved(self.settings.query.matrix(histories, len(V)))
        scores = np.matmul(U, V.T, out=within(room, len(U), len(V)))
        scores[histories.items.lengths() == 0] = popularity_prior(self.counts_)
        return scores

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
        """Item factors and counts, the loss, and what leads from content to factors."""
        arrays = {"items": fitted(self, "items_"), "counts": self.counts_}
        if self.map_ is not None:
            arrays["map"] = self.map_
        return Artefact(arrays, {"fitted": self.n_fitted_, "loss": asdict(self.loss_)})

    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Take up the factors; there are no members."""
        self.items_, self.counts_ = (
            np.asarray(state.arrays["items"]),
            np.asarray(state.arrays["counts"]),
        )
        self.map_ = np.asarray(state.arrays["map"]) if "map" in state.arrays else None
        self.n_fitted_ = int(state.facts.get("fitted", len(self.items_)))
        # a model that was kept before the loss was, is one of version 1
        s, record = self.settings, state.facts.get("loss")
        before = Loss(s.unobserved, s.l2, s.l2, s.frequency_power, 0, self.n_fitted_)
        self.loss_ = before if record is None else Loss(**record)
        return self

    def _solved(self, X: Sparse, wanted: Floats | None = None) -> Floats:
        ridge = self.loss_.of_users(np.diff(X.indptr))
        return self._side().solved(Batches.of(X, self.items_.shape[1]), ridge, wanted)

    def _side(self) -> Side:
        """The items' side, made once for these factors."""
        V = self.items_
        if self._made is None or self._made[0] is not V:
            # All pairs at once, as one k x k matrix; what happened is added to it row by row.
            # Otherwise a row would cost n_items k^2. Items that came after `fit` are no pairs that
            # did not happen: no one could have them.
            then = V[: self.n_fitted_]
            self._made = (V, Side.of(V, np.float32(self.loss_.unobserved) * (then.T @ then)))
        return self._made[1]


class IalsV2(Ials):
    """iALS whose weights and ridges are relative to the log, so that they hold on any.

    What version 1 gives to a pair that did not happen is right for logs as full as MovieLens; on a
    sparse log such pairs outweigh what happened by hundreds, and the ridge that goes with them
    draws all factors to zero. Here both are relative to the events of the mean user and the mean
    item: u and v minimise

        sum over events (1 - u'v)^2 + a sum over all pairs (u'v)^2 + ridges,

    a = unobserved events / (users items), and the ridge of a user (or item) of n events is l2
    (n + unobserved mean n) / (1 + unobserved).

    Args:
        settings: See `IalsV2Settings`.

    Cost: each epoch about 20 n_rows k + (n_users + n_items) k^2 multiplications.

    Hu, Koren and Volinsky, Collaborative Filtering for Implicit Feedback Datasets, ICDM 2008;
    Rendle et al., Revisiting the Performance of iALS on Item Recommendation Benchmarks, RecSys
    2022.
    """

    Settings: ClassVar[type[Any]] = IalsV2Settings

    def __init__(self, settings: IalsV2Settings | None = None) -> None:
        self.settings = settings or IalsV2Settings()


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
    def of(cls, training: Training, s: IalsSettings | IalsV2Settings, ridge: Floats) -> _Content:
        block = training.features.block(str(s.block))
        if block.width > WIDEST:
            raise BadRecipe(
                f'block "{block.name}" has {block.width} columns',
                where="block",
                allowed=f"at most {WIDEST}",
                next_step="make it narrower, with min_df for words or with a geometry step",
            )
        F = l2_normalised(block.finite())
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
