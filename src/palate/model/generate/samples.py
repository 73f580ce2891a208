"""Learning from lists that the generator itself samples, whatever they are rewarded for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import final

import numpy as np

from palate.arrays import Longs, Ragged, Rows
from palate.gradient.engine import Parameters, Tensor, tensor, torch_library, torch_rng
from palate.gradient.loop import Curve, train
from palate.model.generate.choices import Choices, sampled
from palate.model.generate.likelihood import Pretrained
from palate.model.generate.pretrained import Network
from palate.model.generate.real_lists import RealLists
from palate.model.generate.retrieved import Retrieved
from palate.model.generate.settings import RealListSettings
from palate.progress import Tracker
from palate.seeding import generator
from palate.stages import FitContext


class LearnsFromSamples(ABC):
    """A generator that goes on learning from the lists that it samples.

    Authors write the loss of a batch; it notes what the batch was rewarded with.

    Args:
        start: The generator of the likelihood, whose parameters are trained further.
        lists: What people did, by history.
        settings: Schedule and temperature.
        context: Seed.

    Attributes:
        newest: The network at the last evaluation, whatever validation says of it.
    """

    def __init__(
        self,
        start: Pretrained,
        lists: RealLists,
        settings: RealListSettings,
        context: FitContext,
    ) -> None:
        self.start, self.lists, self.settings = start, lists, settings
        self.likelihood = start.restart()
        self.parameters: Parameters = self.likelihood.parameters
        self.pick = sampled(torch_rng(context.seed, "generator", "samples"), settings.temperature)
        self.forcing = generator(context.seed, "generator", "teacher forcing")
        self.newest = start.network
        self._noted: list[Mapping[str, float]] = []
        self._listed: dict[str, float | None] = {}

    @abstractmethod
    def loss(self, batch: RealLists) -> Tensor:
        """Mean loss of one batch, a scalar that gradients flow from."""

    @abstractmethod
    def observed(self, network: Network) -> dict[str, float | None]:
        """Further figures of the network as it stands, for the curve."""

    @final
    def batches(self, rng: np.random.Generator) -> Iterator[RealLists]:
        """All real lists, in random order."""
        order = rng.permutation(len(self.lists))
        for start in range(0, len(order), self.settings.schedule.batch):
            yield self.lists.take(order[start : start + self.settings.schedule.batch])

    @final
    def metric(self) -> float:
        """NDCG of the likeliest lists of the validation cases."""
        network, held = self.network(), self.start.held
        self.newest = network
        if not len(held.cases):
            return float("nan")
        lists = held.lists(network)
        distinct = len(np.unique(lists[lists >= 0]))
        self._listed = {
            "distinct_items": float(distinct),
            "coverage": distinct / max(len(network.vectors), 1),
            **self.observed(network),
        }
        return held.ndcg(network)

    @final
    def network(self) -> Network:
        """A copy of the network as it stands, without gradients."""
        return self.likelihood.network(self.start.network.trust, self.start.network.follow)

    @final
    def choices(self, batch: RealLists) -> Choices:
        """The candidates of a batch; gradients flow into the network."""
        start, found = self.start.network, batch.found
        # the vectors of the batch alone: a catalogue may be large
        every = np.concatenate([batch.histories.values, np.maximum(found.items, 0).ravel()])
        rows, index = np.unique(every.astype(np.int64), return_inverse=True)
        place: Rows = index.ravel().astype(np.int32)
        n = len(batch.histories.values)
        vectors = self.likelihood.items.vectors(tensor(rows))
        candidates = np.where(found.there, place[n:].reshape(found.items.shape), -1)
        network = Network(start.settings, self.parameters, vectors, start.trust, start.follow)
        histories = Ragged(place[:n], batch.histories.offsets)
        return network.choices(histories, Retrieved(candidates.astype(np.int32), found.said))

    @final
    def teacher(self, n: int) -> Tensor:
        """Loss of the likelihood on so many sequences of the training part, drawn again."""
        sequences = self.likelihood.sequences
        rows: Longs = self.forcing.integers(0, len(sequences), n)
        return self.likelihood.loss(sequences.take(rows))

    @final
    def note(self, **figures: float) -> None:
        """Figures of a batch, for the curve."""
        self._noted.append(figures)

    @final
    def figures(self) -> dict[str, float | None]:
        """Means of what was noted since the last call, and what the last lists were like. A `loss`
        is that of the likelihood, where that is learnt: a policy has no loss that falls.
        """
        noted, self._noted = self._noted, []
        names = dict.fromkeys(name for one in noted for name in one)
        means = {name: float(np.mean([one[name] for one in noted])) for name in names}
        nothing = {"loss": None, "reward": None, "discriminator_loss": None}
        return nothing | means | self._listed


@dataclass
class _Recorder:
    """Adds what a learner notes to the rows of its curve, which go on from an earlier one."""

    learner: LearnsFromSamples
    before: Mapping[str, float | None]
    tracker: Tracker | None
    rows: list[Mapping[str, float | None]] = field(default_factory=list)

    def row(self, values: Mapping[str, float | None]) -> None:
        later = {
            name: (values[name] or 0) + (self.before.get(name) or 0)
            for name in ("step", "epoch", "seconds")
        }
        self.rows.append({**values, **later, **self.learner.figures()})
        if self.tracker is not None:
            self.tracker.row(self.rows[-1])


def learn_from_samples(learner: LearnsFromSamples, context: FitContext) -> tuple[Network, Curve]:
    """The best network by the validation cases, that of the likelihood among them, and the whole
    curve: rows with a `reward` are of this training.
    """
    start = learner.start.curve
    recorder = _Recorder(learner, start.rows[-1] if start.rows else {}, context.tracker)
    schedule = learner.settings.schedule
    found = train(learner, schedule, context.seed, recorder, from_start=True)
    rows = (*start.rows, *recorder.rows)
    return learner.network(), Curve(rows, len(start.rows) + found.best, found.stopped)


def chosen_log_probabilities(found: Tensor, chosen: Tensor) -> Tensor:
    """float32 [n, r, length], of what was chosen [n, r, length], from those of all candidates [n,
    r, length, m].
    """
    return found.gather(3, chosen[..., None])[..., 0]


def entropy(found: Tensor) -> Tensor:
    """float32 [n, r, length], of log-probabilities [n, r, length, m], -inf where closed."""
    torch = torch_library()
    return -(found.exp() * found.masked_fill(found == -torch.inf, 0.0)).sum(3)


def real_positions(lists: RealLists, length: int) -> Tensor:
    """float32 [n, length], 1 where candidates reach so far, else 0."""
    n = lists.found.there.sum(axis=1)[:, None]
    return tensor((np.arange(length) < n).astype(np.float32))
