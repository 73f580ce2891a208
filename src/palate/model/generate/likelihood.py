"""Pre-training: the next event of every history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from palate.arrays import Ragged
from palate.errors import Refused
from palate.gradient.engine import Parameters, Tensor, tensor, torch_library, torch_rng
from palate.gradient.loop import Curve, train
from palate.model.generate.network import new_parameters, reader
from palate.model.generate.pretrained import HeldCases, Network
from palate.model.generate.settings import GeneratorSettings
from palate.model.neural import sequences
from palate.model.neural.items import ContentItems, FreeItems
from palate.model.neural.losses import sampled_softmax_loss
from palate.seeding import generator
from palate.stages import FitContext, Scorer
from palate.tables import Training


class Likelihood:
    """How likely the network makes what people did in order, against items drawn evenly.

    A list is what goes on from a history, so that what follows what in histories is what follows
    what in lists. Trained as SASRec is.

    Args:
        settings: Of the generator.
        training: The training part.
        held: Validation cases, by which training is stopped.
        context: Its seed.

    Raises:
        Refused: No user has two events.
    """

    def __init__(
        self,
        settings: GeneratorSettings,
        training: Training,
        held: HeldCases,
        context: FitContext,
    ) -> None:
        self.settings, self.held = settings, held
        self.sequences = sequences.training_sequences(
            training.log, settings.window + settings.length
        )
        if not len(self.sequences):
            raise Refused(
                "no user has two events in the training part: there is no list to learn from",
                next_step="use a model that needs no sequences, such as model.popularity.v1",
            )
        first = torch_rng(context.seed, "generator", "first values")
        self.dropping = torch_rng(context.seed, "generator", "dropout")
        self.drawing = generator(context.seed, "generator", "negatives")
        self.items = items_of_training(settings, training, first)
        counts = training.log.item_counts()
        # an item without events must not be pushed away only because it has none
        self.drawn_from = np.flatnonzero(counts > 0)
        self.parameters: Parameters = {**self.items.parameters, **new_parameters(settings, first)}

    def batches(self, rng: np.random.Generator) -> Iterator[Ragged]:
        """Training sequences in batches of similar lengths."""
        for rows in sequences.shuffled(self.sequences, self.settings.likelihood.batch, rng):
            yield self.sequences.take(rows)

    def loss(self, batch: Ragged) -> Tensor:
        """Mean over the events of the sequences."""
        inputs, targets = sequences.split_next(batch)
        size = min(self.settings.negatives, len(self.drawn_from))
        negatives = self.drawing.choice(self.drawn_from, size, replace=False)
        every = np.concatenate([inputs.values, targets, negatives]).astype(np.int64)
        rows, place = np.unique(every, return_inverse=True)
        vectors, n = self.items.vectors(tensor(rows)), len(targets)
        padded = sequences.padded(inputs, self.settings.window + self.settings.length)
        local = np.zeros(padded.items.shape, np.int64)
        local[padded.real] = place[:n]
        embedded = torch_library().nn.functional.embedding(tensor(local), vectors)
        reads = reader(self.settings, self.parameters)
        hidden = reads.hidden(embedded, padded, self.dropping)[tensor(padded.real)]
        own, wrong = vectors[tensor(place[n : 2 * n])], vectors[tensor(place[2 * n :])]
        return sampled_softmax_loss(hidden, own, wrong, targets.astype(np.int64), negatives)

    def metric(self) -> float:
        """NDCG of what the network lists by itself."""
        return self.held.ndcg(self.network(0.0))

    def network(self, trust: float, follow: float = 1.0) -> Network:
        """A copy of the network as it stands, without gradients."""
        with torch_library().no_grad():
            vectors = self.items.vectors(tensor(np.arange(self.items.n_items))).clone()
        parameters = {name: value.detach().clone() for name, value in self.parameters.items()}
        return Network(self.settings, parameters, vectors, trust, follow)


def items_of_training(
    settings: GeneratorSettings, training: Training, rng: Any
) -> FreeItems | ContentItems:
    """Vectors of the items: of their content and behaviour, or of behaviour alone."""
    if not settings.block:
        return FreeItems(training.log.n_items, settings.width, rng)
    block = training.features.block(settings.block)
    block.finite()
    trained = training.log.item_counts() > 0
    return ContentItems(block, trained, settings.width, settings.radius, rng)


@dataclass(frozen=True, eq=False)
class Pretrained:
    """A generator that has learnt the likelihood, ready to learn more.

    Attributes:
        learner: What learnt it.
        held: Validation cases with their candidates.
        network: What was learnt, with the weight of the retriever that validation chose.
        curve: How it went.
    """

    learner: Likelihood
    held: HeldCases
    network: Network
    curve: Curve

    @classmethod
    def of(
        cls,
        settings: GeneratorSettings,
        member: Scorer,
        training: Training,
        context: FitContext,
    ) -> Pretrained:
        """Learn the likelihood.

        Cost: an epoch takes about n_rows negatives width 6 multiplications; an evaluation the lists
            of the validation cases.

        Raises:
            Refused: No user has two events.
            BadInput: The block holds NaN or infinite numbers.
        """
        held = HeldCases.of(member, training.validation, settings, context.seed)
        learner = Likelihood(settings, training, held, context)
        curve = train(learner, settings.likelihood, context.seed, context.tracker)
        return cls(learner, held, held.trusting(learner.network(0.0)), curve)

    def restart(self) -> Likelihood:
        """The learner, its parameters as they were after pre-training."""
        with torch_library().no_grad():
            for name, value in self.network.parameters.items():
                self.learner.parameters[name].copy_(value)
        return self.learner
