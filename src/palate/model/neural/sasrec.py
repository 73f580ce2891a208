"""SASRec: self-attention over the history, trained with a softmax over sampled items."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from annotated_types import Ge, Lt

from palate.arrays import Floats, Longs, Ragged, dense
from palate.capabilities import Described, Narrowed, Reads
from palate.errors import BadRecipe, Refused
from palate.gradient.engine import (
    Parameters,
    Tensor,
    normal,
    numbers,
    tensor,
    tensors,
    torch_library,
    torch_rng,
)
from palate.gradient.loop import Curve, Schedule, train
from palate.gradient.validation import ndcg_of, some_cases
from palate.growth import check_grown, new_rows
from palate.model.item_item import check_items, fitted
from palate.model.neural import layers, losses, sequences
from palate.model.neural.augment import ChangesHistories, HistoryAugmentation
from palate.model.neural.items import ContentItems, FreeItems, content_vectors
from palate.seeding import generator
from palate.stages import FitContext, NewItems, Scorer
from palate.store import Artefact
from palate.tables import Cases, FeatureTable, Histories, Training


@dataclass(frozen=True)
class SasrecSettings:
    """Size, loss and schedule."""

    width: Annotated[int, Ge(1)] = 64
    """Numbers of an item's vector."""
    blocks: Annotated[int, Ge(1)] = 1
    """Layers of self-attention."""
    heads: Annotated[int, Ge(1)] = 1
    """Attention heads; must divide `width`."""
    window: Annotated[int, Ge(1)] = 50
    """Newest events of a history that are looked at."""
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.2
    """Share of numbers dropped while training."""
    loss: Literal["sampled", "corrected", "full"] = "sampled"
    """Softmax against sampled items; the same, their scores raised so that it estimates the one
    over all items; or against all items."""
    negatives: Annotated[int, Ge(1)] = 256
    """Items drawn evenly for each batch, which the next item must beat; not used by `"full"`."""
    block: str = ""
    """Block of frozen content; empty: items are known by behaviour alone."""
    radius: Annotated[float, Ge(0)] = 1.0
    """With `block`: how far behaviour may move an item's vector away from its content."""
    validation_cases: Annotated[int, Ge(1)] = 4096
    """Most validation cases that early stopping looks at."""
    augment: HistoryAugmentation = field(default_factory=HistoryAugmentation)
    """How much of the histories is changed while it learns; nothing by default."""
    schedule: Schedule = field(default_factory=Schedule)
    """How long and how fast it learns."""


class Sasrec(Narrowed, Described):
    """Score = (what self-attention expects after the history) . (the item's vector).

    The neural baseline for the order of events. With `block` an item's vector is made of frozen
    content plus a bounded delta, so that items without events can be recommended. On short
    histories of purchases `model.cooccurrence.v1` with a text kernel is better and a hundred times
    quicker; see the quality tables.

    Scores of an empty history are all 0. Early stopping looks at the validation cases.

    Args:
        settings: See `SasrecSettings`.

    Cost: an epoch takes about n_rows x negatives x width x 6 multiplications, and n_users x
    window^2 x width for attention; scoring n_cases x n_items x width.

    Kang & McAuley, Self-attentive sequential recommendation, ICDM 2018; trained as by Klenitskiy &
    Vasilev, Turning dross into gold loss: is BERT4Rec really better than SASRec?, RecSys 2023.
    """

    does: ClassVar[str] = "a neural network that reads the history in its order."
    Settings = SasrecSettings
    uses_validation: ClassVar[bool] = True
    parameters_: Parameters
    vectors_: Tensor
    curve_: Curve

    def __init__(self, settings: SasrecSettings | None = None) -> None:
        self.settings = settings or SasrecSettings()

    @classmethod
    def reads(cls, settings: SasrecSettings) -> Reads:
        """The block of frozen content, if any."""
        return Reads.optional_block(settings.block)

    @classmethod
    def narrowed(cls, settings: SasrecSettings, left: Reads) -> SasrecSettings:
        """The settings with the block that is left, or none."""
        return replace(settings, block=left.first_block or "")

    def fit(self, training: Training, context: FitContext = FitContext()) -> Self:
        """Train on the next item of every event of the training part.

        Raises:
            Refused: No user has two events, so there is no next item to learn from.
        """
        learner = _Learner(self.settings, training, context)
        self.curve_ = train(learner, self.settings.schedule, context.seed, context.tracker)
        self.parameters_ = {name: value.detach() for name, value in learner.parameters.items()}
        self.vectors_ = learner.all_vectors()
        return self

    @property
    def new_items(self) -> NewItems:
        """With a block a new item has the vector of its content; else none."""
        return "scored" if self.settings.block else "untouched"

    def grow(self, features: FeatureTable) -> Self:
        """The same vectors, and those of new items: of their content, or zeros."""
        known = fitted(self, "vectors_")
        n_known, n_items = len(known), len(features.items)
        check_grown(features, n_known)
        torch, more = torch_library(), copy.copy(self)
        new = torch.zeros((n_items - n_known, known.shape[1]))
        if self.settings.block:
            width = self.parameters_["head.in.weight"].shape[1]
            content = dense(new_rows(features.block(self.settings.block), n_known, width))
            with torch.no_grad():
                new = content_vectors(self.parameters_, tensor(content))
        more.vectors_ = torch.cat([known, new])
        return more

    def score(self, histories: Histories) -> Floats:
        """float32 [n_cases, n_items]."""
        vectors = fitted(self, "vectors_")
        check_items(histories, len(vectors))
        with torch_library().no_grad():
            return scores_of(self.settings, self.parameters_, vectors, histories)

    def state(self) -> Artefact:
        """All parameters, the items' vectors, and the curve of training."""
        vectors = fitted(self, "vectors_")
        return Artefact(
            numbers({**self.parameters_, "vectors": vectors}), {"curve": self.curve_.facts()}
        )

    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Take up the parameters; there are no members."""
        self.parameters_ = tensors(state.arrays)
        self.vectors_ = self.parameters_.pop("vectors")
        self.curve_ = Curve.of(state.facts["curve"])
        return self


def scores_of(
    settings: SasrecSettings, parameters: Parameters, vectors: Tensor, histories: Histories
) -> Floats:
    """float32 [n_cases, n_items] for item `vectors` [n_items, width]."""
    batch = sequences.padded(histories.items, settings.window)
    embedded = torch_library().nn.functional.embedding(tensor(batch.items), vectors)
    hidden = hidden_of(settings, parameters, embedded, batch, None)
    newest = np.maximum(batch.real.sum(axis=1, dtype=np.int64) - 1, 0)
    expected = hidden[tensor(np.arange(len(newest))), tensor(newest)]
    expected = expected * tensor(np.asarray(batch.real.any(axis=1), np.float32))[:, None]
    return np.asarray((expected @ vectors.T).numpy(), np.float32)


def hidden_of(
    settings: SasrecSettings,
    p: Parameters,
    embedded: Tensor,
    batch: sequences.Padded,
    generator: Any,
) -> Tensor:
    """float32 [n, length, width], what is expected after each event; `embedded` are the events'
    vectors.
    """
    # Vectors of items start small, so that all items start alike; as inputs they are raised, or
    # positions drown them.
    x = embedded * settings.width**0.5 + p["places"][: batch.items.shape[1]]
    x = layers.dropout(x, settings.dropout, generator)
    for number in range(settings.blocks):
        x = layers.block(p, f"block{number}", x, settings.heads, settings.dropout, generator)
    return layers.norm(p, "last", x)


class _Learner:
    """The next item of every event, against a sample shared by the batch."""

    def __init__(self, settings: SasrecSettings, training: Training, context: FitContext) -> None:
        if settings.width % settings.heads:
            raise BadRecipe(
                f"{settings.heads} heads cannot share a width of {settings.width}", where="heads"
            )
        self.settings = settings
        self.sequences = sequences.training_sequences(training.log, settings.window)
        if not len(self.sequences):
            raise Refused(
                "no user has two events in the training part: there is no next item to learn",
                next_step="use a model that needs no sequences, such as model.popularity.v1",
            )
        self.cases: Cases = some_cases(training.validation, settings.validation_cases, context.seed)
        first = torch_rng(context.seed, "sasrec", "first values")
        self.dropping = torch_rng(context.seed, "sasrec", "dropout")
        self.drawing = generator(context.seed, "sasrec", "negatives")
        self.changing = generator(context.seed, "sasrec", "augmentation")
        self.changes = ChangesHistories.of(settings.augment, training.log)
        counts = training.log.item_counts()
        self.items: FreeItems | ContentItems
        if settings.block:
            block = training.features.block(settings.block)
            self.items = ContentItems(block, counts > 0, settings.width, settings.radius, first)
            # An item without events must not be pushed away only because it has none.
            self.candidates = np.flatnonzero(counts > 0)
        else:
            self.items = FreeItems(len(counts), settings.width, first)
            self.candidates = np.arange(len(counts))
        self.parameters: Parameters = {**self.items.parameters, **new_parameters(settings, first)}

    def batches(self, rng: np.random.Generator) -> Iterator[Ragged]:
        for rows in sequences.shuffled(self.sequences, self.settings.schedule.batch, rng):
            yield self.changes.changed(self.sequences.take(rows), self.changing)

    def loss(self, batch: Ragged) -> Tensor:
        inputs, targets = sequences.split_next(batch)
        negatives = self._negatives()
        rows, index = np.unique(
            np.concatenate([inputs.values, targets, negatives]), return_inverse=True
        )
        own = tensor(index[len(inputs.values) : len(inputs.values) + len(targets)])
        vectors = self.items.vectors(tensor(rows.astype(np.int64)))
        padded = sequences.padded(inputs, self.settings.window)
        local = np.zeros(padded.items.shape, np.int64)
        local[padded.real] = index[: len(inputs.values)]
        embedding = torch_library().nn.functional.embedding
        embedded = embedding(tensor(local), vectors)
        hidden = hidden_of(self.settings, self.parameters, embedded, padded, self.dropping)[
            tensor(padded.real)
        ]
        if self.settings.loss == "full":
            return losses.softmax_loss(hidden, vectors, own)
        wrong = vectors[tensor(index[len(index) - len(negatives) :])]
        lift = (
            np.log((len(self.candidates) - 1) / len(negatives))
            if self.settings.loss == "corrected"
            else 0.0
        )
        return losses.sampled_softmax_loss(
            hidden, embedding(own, vectors), wrong, targets.astype(np.int64), negatives, float(lift)
        )

    def metric(self) -> float:
        vectors = self.all_vectors()
        return ndcg_of(lambda h: scores_of(self.settings, self.parameters, vectors, h), self.cases)

    def all_vectors(self) -> Tensor:
        """float32 [n_items, width], as they stand."""
        with torch_library().no_grad():
            return self.items.vectors(tensor(np.arange(self.items.n_items))).clone()

    def _negatives(self) -> Longs:
        if self.settings.loss == "full":
            return self.candidates
        return self.drawing.choice(
            self.candidates, min(self.settings.negatives, len(self.candidates)), replace=False
        )


def new_parameters(settings: SasrecSettings, rng: Any) -> Parameters:
    """First values of everything but the items."""
    parameters: Parameters = {"places": normal((settings.window, settings.width), 0.02, rng)}
    for number in range(settings.blocks):
        parameters |= layers.new_block(f"block{number}", settings.width, rng)
    return parameters | layers.new_norm("last", settings.width)
