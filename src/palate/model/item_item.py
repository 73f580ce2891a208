"""The family score = weights of the history @ item-item matrix: authors write `learn`, the rest is
here.
"""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Doubles, Floats, Rows
from palate.capabilities import LearnsOnce, PartialScores, ScoresSome
from palate.errors import BadInput, Refused
from palate.growth import check_grown, padded
from palate.model.history_weights import HistoryWeights
from palate.model.partial_scores import AllScores
from palate.model.restored import restored
from palate.model.similarity import Padded, Similarity
from palate.stages import FitContext, NewItems, Scorer
from palate.store import Artefact
from palate.tables import FeatureTable, Histories, Training
from palate.work import LogSize, Work


class HasHistoryWeights(Protocol):
    """Settings of an item-item model."""

    @property
    def query(self) -> HistoryWeights:
        """How much each event of a history counts."""
        ...


S = TypeVar("S", bound=HasHistoryWeights)


class ItemItem(LearnsOnce, ScoresSome, Generic[S]):
    """Base of the models whose score is `W(history) @ B`.

    A subclass names its `Settings` (with a field `query`) and writes `learn`, which gives B, and
    `extended`, which gives B of more items; of behaviour alone: see `IdItemItem`. Scores,
    contributions of the history's events, storing and loading come from here. An empty history says
    nothing, so it gets the items by popularity, scores log(1 + n) / log(1 + largest n).

    Args:
        settings: The part's `Settings`; the default ones if None.
    """

    Settings: ClassVar[type[Any]]
    uses_validation: ClassVar[bool] = False
    similarity_: Similarity
    prior_: Floats

    def __init__(self, settings: S | None = None) -> None:
        self.settings: S = settings if settings is not None else cast(S, self.Settings())

    @abstractmethod
    def learn(self, training: Training) -> Similarity:
        """B [n_items, n_items] from the training part alone."""

    @abstractmethod
    def extended(self, known: Similarity, features: FeatureTable) -> Similarity:
        """B of all items of `features`, the same as `known` between those that it has."""

    def grow(self, features: FeatureTable) -> Self:
        """The same model for more items; this one stays as it is."""
        known: Similarity = fitted(self, "similarity_")
        check_grown(features, known.n_items)
        more = copy.copy(self)
        more.similarity_ = self.extended(known, features)
        more.prior_ = padded(self.prior_, len(features.items))
        return more

    def fit(self, training: Training, context: FitContext = FitContext()) -> Self:
        """Learn B."""
        self.similarity_ = self.learn(training)
        self.prior_ = popularity_prior(training.log.item_counts())
        return self

    def under(self, settings: S) -> Self | None:
        """The same matrix under settings that differ from its own in `query` alone, without
        learning it again; None where more differs.
        """
        wanted = cast(Any, settings)
        if type(wanted) is not self.Settings or "query" not in {f.name for f in fields(wanted)}:
            return None
        if replace(cast(Any, self.settings), query=wanted.query) != wanted:
            return None
        other = copy.copy(self)
        other.settings = settings
        return other

    def score(self, histories: Histories) -> Floats:
        """float32 [n_cases, n_items], W(history) @ B; the popularity of the items where there is no
        history.
        """
        similarity: Similarity = fitted(self, "similarity_")
        check_items(histories, similarity.n_items)
        scores = similarity.spread(self.settings.query.matrix(histories, similarity.n_items))
        scores[histories.items.lengths() == 0] = self.prior_
        return scores

    def partly(self, histories: Histories) -> PartialScores:
        """`score` at single items."""
        if not histories.items.lengths().all():
            return AllScores(self.score(histories))
        similarity: Similarity = fitted(self, "similarity_")
        check_items(histories, similarity.n_items)
        return similarity.partly(self.settings.query.rows(histories, similarity.n_items))

    def contributions(self, histories: Histories, item: Rows) -> Doubles:
        """float64 [n_values], weight of the event times B from its item to the case's `item`
        [n_cases].

        Their sum over a case's events is the score; an empty history has none.
        """
        similarity = fitted(self, "similarity_")
        check_items(histories, similarity.n_items)
        target = np.asarray(item, np.int32)[histories.items.row_of_value()]
        weights = self.settings.query.weights(histories)
        return np.asarray(weights * similarity.pairs(histories.items.values, target), np.float64)

    def state(self) -> Artefact:
        """B and the popularity."""
        similarity: Similarity = fitted(self, "similarity_")
        return Artefact({**similarity.arrays(), "prior": self.prior_}, {})

    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Take up B and the popularity; there are no members."""
        self.similarity_, self.prior_ = restored(state.arrays), np.asarray(state.arrays["prior"])
        return self


class IdItemItem(ItemItem[S]):
    """Base of the item-item models of behaviour alone: authors write `learn`.

    A new item is one that no one has touched: no history speaks for it, and it for none.
    """

    new_items: ClassVar[NewItems] = "untouched"

    def extended(self, known: Similarity, features: FeatureTable) -> Similarity:
        """B with zeros for the new items."""
        base = known.known if isinstance(known, Padded) else known
        return Padded(base, len(features.items))


def sparse_work(size: LogSize, fit: float, neighbours: float) -> Work:
    """Of a model that keeps so many pairs of each item.

    Args:
        size: Of the log.
        fit: Operations of fitting it.
        neighbours: Pairs of an item that are kept.
    """
    kept = min(neighbours, size.items)
    return Work(fit, size.items + size.history * kept, 12.0 * (size.pairs + kept * size.items))


def dense_work(size: LogSize, together: float, matrices: float) -> Work:
    """Of a model that inverts a matrix of so many items, and holds several such matrices."""
    n = min(together, size.items)
    return Work(n**3 + size.pairs, size.items + size.history * n, 4.0 * matrices * n * n)


def popularity_prior(counts: NDArray[Any]) -> Floats:
    """float32 [n_items], log(1 + n) over its largest value for event counts n [n_items]; zeros if
    all are 0.
    """
    logs = np.log1p(counts)
    return np.asarray(logs / max(float(logs.max(initial=0.0)), 1e-12), np.float32)


def fitted(model: Any, name: str) -> Any:
    """The attribute `name` that `fit` or `load` set.

    Raises:
        Refused: The model has not been fitted.
    """
    if name not in vars(model):
        raise Refused(
            f"{type(model).__name__} has not been fitted",
            next_step="call fit(training) or load(state) first",
        )
    return vars(model)[name]


def check_items(histories: Histories, n_items: int) -> None:
    """Refuse histories with items that the model does not know of.

    Raises:
        BadInput: An item row is outside 0 .. n_items - 1.
    """
    values = histories.items.values
    if len(values) and not 0 <= values.min() <= values.max() < n_items:
        wrong = int(values[(values < 0) | (values >= n_items)][0])
        raise BadInput(
            f"a history holds item row {wrong}",
            where="histories",
            allowed=f"0 to {n_items - 1}",
            next_step=(
                "look ids up in the vocabulary the model was fitted with, and drop unknown ones"
            ),
        )
