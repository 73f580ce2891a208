"""Two towers on content: a user is what the items had say, on average, an item is what it says."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from annotated_types import Ge, Gt

from palate.arrays import Floats, Longs, Rows, Sparse, dense, l2_normalised
from palate.capabilities import Described, ReadsOneBlock
from palate.errors import Refused
from palate.gradient.engine import (
    Parameters,
    Tensor,
    numbers,
    tensor,
    tensors,
    torch_library,
    torch_rng,
)
from palate.gradient.loop import Curve, Schedule, train
from palate.gradient.validation import ndcg_of, some_cases
from palate.growth import appended, check_grown
from palate.model.item_item import check_items, fitted
from palate.model.neural.layers import linear, new_linear
from palate.model.text_kernel import chosen
from palate.seeding import generator
from palate.stages import FitContext, NewItems, Scorer
from palate.store import Artefact
from palate.tables import FeatureTable, Histories, Training


@dataclass(frozen=True)
class TwoTowerSettings:
    """Content, towers, loss and schedule."""

    block: str | None = None
    """Which block of features; None: the first of the recipe."""
    width: Annotated[int, Ge(1)] = 64
    """Numbers of a user's or an item's vector."""
    hidden: Annotated[int, Ge(0)] = 256
    """Width of the hidden layer of each tower; 0: towers are one matrix."""
    tau: Annotated[float, Gt(0)] = 0.15
    """Temperature of the cosine."""
    negatives: Annotated[int, Ge(1)] = 1024
    """Items drawn evenly for each batch, which the right item must beat."""
    validation_cases: Annotated[int, Ge(1)] = 4096
    """Most validation cases that early stopping looks at."""
    schedule: Schedule = field(
        default_factory=lambda: Schedule(epochs=100, batch=1024, rate=5e-4, decay=1e-6)
    )
    """How long and how fast it learns."""


class TwoTower(ReadsOneBlock, Described):
    """Score = cosine of tower(mean content of the history) and tower(content of the item).

    Knows nothing of an item but its content, so new items and new users are served at once. As good
    as the content: sentence encoders do, raw language models do not. Where ids have behaviour, add
    it to an ID model in `model.blend.v1` rather than use it alone; for content without any training
    there is `model.text_kernel.v1`.

    Trained so that each event's item beats sampled ones for the mean of the user's *other* items.
    An item without content, and every item for an empty history, scores 0. Early stopping looks at
    the validation cases.

    Args:
        settings: See `TwoTowerSettings`.

    Cost: an epoch takes n_rows d hidden 12 multiplications; scoring n_cases n_items width.

    Sheng et al., Language representations can be what recommenders need, ICLR 2025 (there with
    graph propagation, which a user known only by a history does not have).
    """

    does: ClassVar[str] = (
        "two neural networks, one for users and one for items, whose outputs are compared."
    )
    Settings = TwoTowerSettings
    uses_validation: ClassVar[bool] = True
    new_items: ClassVar[NewItems] = "scored"
    parameters_: Parameters
    content_: Floats
    vectors_: Tensor
    curve_: Curve

    def __init__(self, settings: TwoTowerSettings | None = None) -> None:
        self.settings = settings or TwoTowerSettings()

    def fit(self, training: Training, context: FitContext = FitContext()) -> Self:
        """Train the towers.

        Raises:
            Refused: No user has two events with items that have content.
            BadInput: The block holds NaN or infinite numbers.
        """
        block = chosen(training.features, self.settings.block)
        self.content_ = dense(l2_normalised(block.finite()))
        learner = _Learner(self.settings, self.content_, block.present, training, context)
        self.curve_ = train(learner, self.settings.schedule, context.seed, context.tracker)
        self.parameters_ = {name: value.detach() for name, value in learner.parameters.items()}
        self.vectors_ = learner.item_vectors()
        return self

    def grow(self, features: FeatureTable) -> Self:
        """The same towers over the content of new items too."""
        known, n_known = fitted(self, "vectors_"), len(self.content_)
        check_grown(features, n_known)
        torch, more = torch_library(), copy.copy(self)
        more.content_ = dense(appended(self.content_, chosen(features, self.settings.block)))
        new = more.content_[n_known:]
        with torch.no_grad():
            there = tensor(np.asarray(new.any(axis=1), np.float32))[:, None]
            more.vectors_ = torch.cat([known, tower(self.parameters_, "item", tensor(new)) * there])
        return more

    def score(self, histories: Histories) -> Floats:
        """float32 [n_cases, n_items], cosines over tau."""
        vectors = fitted(self, "vectors_")
        check_items(histories, len(vectors))
        with torch_library().no_grad():
            return scores_of(self.settings, self.parameters_, self.content_, vectors, histories)

    def state(self) -> Artefact:
        """The towers, the content, the items' vectors, and the curve of training."""
        arrays = numbers({**fitted(self, "parameters_"), "vectors": self.vectors_})
        return Artefact({**arrays, "content": self.content_}, {"curve": self.curve_.facts()})

    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Take up the towers; there are no members."""
        arrays = dict(state.arrays)
        self.content_ = np.asarray(arrays.pop("content"), np.float32)
        self.parameters_ = tensors(arrays)
        self.vectors_ = self.parameters_.pop("vectors")
        self.curve_ = Curve.of(state.facts["curve"])
        return self


def scores_of(
    settings: TwoTowerSettings,
    p: Parameters,
    content: Floats,
    vectors: Tensor,
    histories: Histories,
) -> Floats:
    """float32 [n_cases, n_items] for item `vectors` [n_items, width]."""
    X = histories.matrix(len(content)) @ content
    lengths = np.linalg.norm(X, axis=1, keepdims=True)
    users = tower(p, "user", tensor(np.asarray(X / np.maximum(lengths, 1e-9), np.float32)))
    known = tensor(np.asarray(lengths > 0, np.float32))
    return np.asarray((users * known @ vectors.T / settings.tau).numpy(), np.float32)


def new_tower(name: str, inputs: int, settings: TwoTowerSettings, generator: Any) -> Parameters:
    """Parameters of `tower`."""
    if not settings.hidden:
        return new_linear(f"{name}.only", inputs, settings.width, generator)
    first = new_linear(f"{name}.first", inputs, settings.hidden, generator)
    return first | new_linear(f"{name}.second", settings.hidden, settings.width, generator)


def tower(p: Parameters, name: str, x: Tensor) -> Tensor:
    """`x` [n, d] -> [n, width], of length 1."""
    functional = torch_library().nn.functional
    if f"{name}.only.weight" in p:
        return functional.normalize(linear(p, f"{name}.only", x), dim=1)
    return functional.normalize(
        linear(p, f"{name}.second", functional.leaky_relu(linear(p, f"{name}.first", x))), dim=1
    )


class _Learner:
    """Each event's item against sampled ones, given the mean of the user's other items."""

    def __init__(
        self,
        settings: TwoTowerSettings,
        content: Floats,
        present: Any,
        training: Training,
        context: FitContext,
    ) -> None:
        self.settings, self.content = settings, content
        self.present = present & content.any(axis=1)
        log = training.log
        self.had: Sparse = log.matrix()
        self.total = self.had @ content
        pairs = self.had.tocoo()
        other = self.present[pairs.col] & (
            np.asarray(self.had @ self.present.astype(np.float32))[pairs.row] >= 2
        )
        self.user, self.item = pairs.row[other].astype(np.int64), pairs.col[other].astype(np.int64)
        if not len(self.user):
            raise Refused(
                "no user has two items with content in the training part: there is nothing to learn"
                " from",
                next_step="use model.text_kernel.v1, which needs no training",
            )
        self.candidates = np.flatnonzero(self.present & (log.item_counts() > 0))
        self.cases = some_cases(training.validation, settings.validation_cases, context.seed)
        self.drawing = generator(context.seed, "two tower", "negatives")
        first = torch_rng(context.seed, "two tower", "first values")
        self.parameters: Parameters = new_tower("user", content.shape[1], settings, first)
        self.parameters |= new_tower("item", content.shape[1], settings, first)

    def batches(self, rng: np.random.Generator) -> Iterator[Longs]:
        order = rng.permutation(len(self.user))
        for start in range(0, len(order), self.settings.schedule.batch):
            yield order[start : start + self.settings.schedule.batch]

    def loss(self, batch: Longs) -> Tensor:
        torch = torch_library()
        user, item = self.user[batch], self.item[batch]
        size = min(self.settings.negatives, len(self.candidates))
        negatives = self.drawing.choice(self.candidates, size, replace=False)
        others = l2_normalised(np.asarray(self.total[user] - self.content[item], np.float32))
        users = tower(self.parameters, "user", tensor(np.asarray(others)))
        rows, place = np.unique(np.concatenate([item, negatives]), return_inverse=True)
        vectors = tower(self.parameters, "item", tensor(self.content[rows]))
        own = (users * vectors[tensor(place[: len(item)])]).sum(1, keepdim=True)
        wrong = users @ vectors[tensor(place[len(item) :])].T
        # What the user had, the right item included, is no negative.
        wrong = wrong.masked_fill(tensor(self._had(user, negatives)), -torch.inf)
        logits = torch.cat([own, wrong], 1) / self.settings.tau
        return (torch.logsumexp(logits, 1) - logits[:, 0]).mean()

    def metric(self) -> float:
        vectors = self.item_vectors()
        return ndcg_of(
            lambda h: scores_of(self.settings, self.parameters, self.content, vectors, h),
            self.cases,
        )

    def item_vectors(self) -> Tensor:
        """float32 [n_items, width], as they stand; zeros without content."""
        with torch_library().no_grad():
            return (
                tower(self.parameters, "item", tensor(self.content))
                * tensor(self.present.astype(np.float32))[:, None]
            )

    def _had(self, user: Longs, items: Rows | Longs) -> Any:
        return self.had[user][:, items].toarray() > 0
