"""Top-K off-policy REINFORCE: a neural ranker that learns from logged rewards what pays, not what
the log happened to show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Final, Self

import numpy as np
from annotated_types import Ge, Gt, Lt

from palate.arrays import Doubles, Floats, Longs, Ragged, Rows
from palate.capabilities import Described
from palate.gradient.engine import Parameters, Tensor, numbers, tensor, tensors, torch_library
from palate.gradient.loop import Curve, Schedule, train
from palate.growth import check_grown
from palate.model.item_item import check_items, fitted
from palate.model.neural import sequences
from palate.model.neural.sasrec import Sasrec, SasrecSettings, hidden_of, scores_of
from palate.seeding import generator
from palate.stages import FitContext, NewItems, Scorer
from palate.store import Artefact
from palate.tables import FeatureTable, Histories, Interactions, Training

LEAST: Final = 1e-9
"""Least probability of an item: below it lies rounding."""


@dataclass(frozen=True)
class ReinforceSettings:
    """Size, correction and schedules."""

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
    off_policy: bool = True
    """Whether it learns on from rewards; false: the supervised start alone, the control."""
    k: Annotated[int, Ge(1)] = 10
    """Length of the lists that it learns for: an item that is on them already is pushed no
    further."""
    most: Annotated[float, Ge(1)] = 20.0
    """Importance weights above this are cut: less noise, for some bias towards the log."""
    estimate: bool = False
    """Whether unknown propensities are taken to be what the supervised start says; otherwise events
    without one do not count as rewards."""
    held_out: Annotated[float, Gt(0), Lt(1)] = 0.1
    """Share of the users whose rewards stop the training, and are not learnt from."""
    start: Schedule = field(default_factory=lambda: Schedule(epochs=60, patience=5))
    """How long and how fast the supervised start learns."""
    policy: Schedule = field(
        default_factory=lambda: Schedule(epochs=30, batch=32, rate=3e-4, patience=4)
    )
    """How long and how fast it learns from rewards."""


class Reinforce(Described):
    """Score = log probability, up to a constant of the case, with which a policy shows the item
    next. The policy is `model.sasrec.v1`, fitted to what was taken, and then follows the gradient
    of the reward that it would have brought in place of the policy of the log.

    For logs that say with which `propensity` each event's item was shown: what the log's policy
    showed often it also saw taken often, and a model of what was taken repeats that. Each event
    counts by its reward (`value`), times the probability of the item under the policy over its
    propensity, cut at `most`, times k (1 - p)^(k - 1), which is about 0 once the item is sure to be
    on a list of k. Of a log without propensities the supervised start stays as it is. With
    `estimate` the start says them, much as in the paper; no gain of that was shown. It explores
    nothing: a service with `[policy]` gives such logs.

    Rewards of held-out users, weighed the same way, stop the training; where it helps none of them
    the supervised start stays. Scores of an empty history are all 0.

    Args:
        settings: See `ReinforceSettings`.

    Cost: that of `model.sasrec.v1`, and n_rows x n_items x width for each further epoch.

    Chen et al., Top-K off-policy correction for a REINFORCE recommender system, WSDM 2019.
    """

    does: ClassVar[str] = "a neural network that learns which suggestions paid off."
    Settings = ReinforceSettings
    uses_validation: ClassVar[bool] = True
    new_items: ClassVar[NewItems] = "untouched"
    parameters_: Parameters
    curve_: Curve
    policy_curve_: Curve

    def __init__(self, settings: ReinforceSettings | None = None) -> None:
        self.settings = settings or ReinforceSettings()

    def fit(self, training: Training, context: FitContext = FitContext()) -> Self:
        """Learn what was taken, then what pays.

        Raises:
            Refused: No user has two events, or training diverged.
        """
        start = Sasrec(_supervised(self.settings)).fit(training, context)
        self.parameters_, self.curve_ = start.parameters_, start.curve_
        self.policy_curve_ = Curve()
        rewards = self.settings.estimate or _any_known(training.log)
        if self.settings.off_policy and rewards:
            learner = _PolicyLearner(self.settings, self.parameters_, training.log, context.seed)
            self.policy_curve_ = train(learner, self.settings.policy, context.seed, from_start=True)
            self.parameters_ = {name: p.detach() for name, p in learner.parameters.items()}
        return self

    def grow(self, features: FeatureTable) -> Self:
        """The same policy; it knows nothing of new items, whose vectors are zeros."""
        known = fitted(self, "parameters_")["items"]
        check_grown(features, len(known))
        more = type(self)(self.settings)
        new = known.new_zeros((len(features.items) - len(known), known.shape[1]))
        more.parameters_ = {**self.parameters_, "items": torch_library().cat([known, new])}
        more.curve_, more.policy_curve_ = self.curve_, self.policy_curve_
        return more

    def score(self, histories: Histories) -> Floats:
        """float32 [n_cases, n_items]."""
        p = fitted(self, "parameters_")
        check_items(histories, len(p["items"]))
        with torch_library().no_grad():
            return scores_of(_supervised(self.settings), p, p["items"], histories)

    def state(self) -> Artefact:
        """All parameters, and the curves of both trainings."""
        arrays = numbers(fitted(self, "parameters_"))
        curves = {"curve": self.curve_.facts(), "policy_curve": self.policy_curve_.facts()}
        return Artefact(arrays, curves)

    def load(self, state: Artefact, members: Mapping[str, Scorer]) -> Self:
        """Take up the parameters; there are no members."""
        self.parameters_ = tensors(state.arrays)
        self.curve_ = Curve.of(state.facts["curve"])
        self.policy_curve_ = Curve.of(state.facts["policy_curve"])
        return self


def top_k_factor(p: Doubles, k: int) -> Doubles:
    """float64 [n], k (1 - p)^(k - 1): by how much the probability of being on a list of k grows
    with that of being drawn once.

    >>> top_k_factor(np.array([0.0, 0.5, 1.0]), 2).tolist()
    [2.0, 1.0, 0.0]
    """
    return np.asarray(k * np.power(1 - p, k - 1))


def importance(p: Doubles, logged: Doubles, most: float) -> Doubles:
    """float64 [n], how many times as often the policy shows an item as the log's did, at most
    `most`.

    >>> importance(np.array([0.2, 0.9]), np.array([0.4, 0.01]), 20).tolist()
    [0.5, 20.0]
    """
    return np.asarray(np.minimum(p / np.maximum(logged, LEAST), most))


def _any_known(log: Interactions) -> bool:
    return log.propensity is not None and bool(np.isfinite(log.propensity).any())


def _supervised(s: ReinforceSettings) -> SasrecSettings:
    return SasrecSettings(
        *(s.width, s.blocks, s.heads, s.window, s.dropout), loss="full", schedule=s.start
    )


class _PolicyLearner:
    """The reward that the policy would have brought, event by event."""

    def __init__(
        self, settings: ReinforceSettings, start: Parameters, log: Interactions, seed: int
    ) -> None:
        self.settings, self.log = settings, log
        self.supervised = _supervised(settings)
        self.parameters: Parameters = {
            name: p.detach().clone().requires_grad_() for name, p in start.items()
        }
        self.start = {name: p.detach() for name, p in start.items()}
        events = sequences.training_events(log, settings.window)
        rng = generator(seed, "reinforce", "held out")
        n = len(events)
        n_held = min(max(round(settings.held_out * n), 1), n - 1)
        order = rng.permutation(n)
        self.held, self.events = (
            events.take(np.sort(rows)) for rows in (order[:n_held], order[n_held:])
        )
        if log.propensity is None:
            self.propensity = np.full(len(log), np.nan)
        else:
            self.propensity = log.propensity.astype(np.float64)

    def batches(self, rng: np.random.Generator) -> Iterator[Ragged]:
        for rows in sequences.shuffled(self.events, self.settings.policy.batch, rng):
            yield self.events.take(rows)

    def loss(self, batch: Ragged) -> Tensor:
        """Its gradient is that of the reward, as a share of all weights of the batch."""
        inputs, events = sequences.split_next(batch)
        log_p = self._log_probability(self.parameters, inputs, events)
        p = np.exp(log_p.detach().numpy().astype(np.float64))
        weight = self._reward(events) * importance(
            p, self._logged(inputs, events), self.settings.most
        )
        weight *= top_k_factor(p, self.settings.k)
        share = tensor((weight / max(weight.sum(), LEAST)).astype(np.float32))
        return -(share * log_p).sum()

    def metric(self) -> float:
        """Mean reward of held-out users' events, by the probability of being on a list of k over
        the logged one, cut as in training.
        """
        gained = [self._gained(self.held.take(rows)) for rows in self._parts(len(self.held))]
        return float(np.concatenate(gained).mean())

    def _parts(self, n: int) -> Iterator[Longs]:
        size = self.settings.policy.batch
        for start in range(0, n, size):
            yield np.arange(start, min(start + size, n))

    def _gained(self, batch: Ragged) -> Doubles:
        inputs, events = sequences.split_next(batch)
        log_p = self._log_probability(self.parameters, inputs, events)
        p = np.exp(log_p.numpy().astype(np.float64))
        listed, most = 1 - np.power(1 - p, self.settings.k), self.settings.most * self.settings.k
        return self._reward(events) * importance(listed, self._logged(inputs, events), most)

    def _reward(self, events: Rows) -> Doubles:
        """float64 [n], what each event brought; 0 for one that cannot be weighed."""
        counts = self.settings.estimate | np.isfinite(self.propensity[events])
        return np.where(counts, np.maximum(self.log.value[events].astype(np.float64), 0.0), 0.0)

    def _logged(self, inputs: Ragged, events: Rows) -> Doubles:
        """float64 [n], propensities of the events; those of the supervised start where unknown, or
        1 where they do not count.
        """
        known = self.propensity[events]
        if not self.settings.estimate:
            return np.where(np.isnan(known), 1.0, known)
        with torch_library().no_grad():
            own = np.exp(self._log_probability(self.start, inputs, events).numpy())
        return np.where(np.isnan(known), own, known)

    def _log_probability(self, p: Parameters, inputs: Ragged, events: Rows) -> Tensor:
        """float32 [n], of the item of each of `events` after the events before it."""
        torch = torch_library()
        items = Ragged(self.log.item[inputs.values], inputs.offsets)
        padded = sequences.padded(items, self.settings.window)
        embedded = torch.nn.functional.embedding(tensor(padded.items), p["items"])
        hidden = hidden_of(self.supervised, p, embedded, padded, None)[tensor(padded.real)]
        chosen = tensor(self.log.item[events].astype(np.int64))[:, None]
        return torch.log_softmax(hidden @ p["items"].T, 1).gather(1, chosen)[:, 0]
