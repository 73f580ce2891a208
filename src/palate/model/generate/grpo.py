"""Group-relative policy optimisation: lists of one history compete, and an evaluator says which is
better.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, final

import numpy as np
from annotated_types import Ge, Gt

from palate.arrays import Doubles
from palate.gradient.engine import Tensor, tensor, torch_library
from palate.gradient.loop import Curve
from palate.model.generate.evaluator import (
    EvaluatedCases,
    Evaluator,
    evaluated_cases,
    lists_to_learn_from,
)
from palate.model.generate.likelihood import Pretrained
from palate.model.generate.list_generator import ListGenerator
from palate.model.generate.pretrained import Network
from palate.model.generate.real_lists import RealLists
from palate.model.generate.samples import (
    LearnsFromSamples,
    chosen_log_probabilities,
    learn_from_samples,
    real_positions,
)
from palate.model.generate.settings import RealListSettings
from palate.stages import FitContext, Scorer
from palate.tables import Training


@dataclass(frozen=True)
class GrpoSettings(RealListSettings):
    """The generator, its groups, and how far it may go."""

    group: Annotated[int, Ge(2)] = 8
    """Lists that are sampled for each history, and held against their own mean."""
    anchor: Annotated[float, Ge(0)] = 0.05
    """Weight of the divergence from the generator of the likelihood."""
    evaluator_steps: Annotated[int, Gt(0)] = 300
    """Batches of 64 cases that the evaluator learns from."""


@final
class Grpo(ListGenerator):
    """A list, item by item, by a generator that learnt which of its own lists an evaluator prefers.

    After the likelihood (`model.generator.v1`) an evaluator of whole lists learns on validation
    cases that nothing else looked at. The generator samples a group of lists for each of their
    histories; a list's advantage is its value less the mean of its group, over their spread; the
    generator is kept near that of the likelihood. There is neither a discriminator nor a roll-out,
    which makes it several times as quick as `model.seqgan.v1`. Whatever optimises an evaluator
    finds its faults: a second one, taught on the other half of the cases, says how much of what was
    gained it does not see (`over_optimisation` of the curve). Where training does not help on
    validation cases, the generator of the likelihood stays.

    Args:
        settings: See `GrpoSettings`.

    Attributes:
        network_: What lists.
        curve_: How training went; with `reward`, `over_optimisation`, `distinct_items` and
            `coverage`.

    Cost: a batch takes batch x length x group steps of the reader; else as `model.generator.v1`.

    Shao et al., DeepSeekMath: pushing the limits of mathematical reasoning in open language models,
    2024 (arXiv 2402.03300).
    """

    does: ClassVar[str] = (
        "a neural network that puts a list together item by item, taught by another one that says"
        " which of several lists is best."
    )
    Settings = GrpoSettings

    def __init__(self, settings: GrpoSettings | None = None) -> None:
        self.settings: GrpoSettings = settings or GrpoSettings()

    def _improved(
        self, start: Pretrained, training: Training, context: FitContext
    ) -> tuple[Network, Curve]:
        learner = GroupRelative.of(self.settings, self.member_[1], start, context)
        return learn_from_samples(learner, context)


class GroupRelative(LearnsFromSamples):
    """Groups of sampled lists against their own mean.

    Args:
        start: The generator of the likelihood.
        cases: Histories that lists are sampled for.
        settings: See `GrpoSettings`.
        context: Seed.
        evaluator: Says how good a list is.
        other: Says the same by other cases; only to be compared.
    """

    def __init__(
        self,
        start: Pretrained,
        cases: EvaluatedCases,
        settings: GrpoSettings,
        context: FitContext,
        evaluator: Evaluator,
        other: Evaluator,
    ) -> None:
        lists = RealLists.of_cases(cases.histories, cases.targets, cases.found, settings.length)
        super().__init__(start, lists, settings, context)
        self.how, self.evaluator, self.other = settings, evaluator, other
        self.first: tuple[float, float] | None = None

    @classmethod
    def of(
        cls, settings: GrpoSettings, member: Scorer, start: Pretrained, context: FitContext
    ) -> GroupRelative:
        """With two evaluators, each of one half of the validation cases that nothing looked at."""
        cases = evaluated_cases(member, start, settings.real_lists)
        own, other = (
            evaluator_of(start, cases.take(np.arange(first, len(cases), 2)), settings, context.seed)
            for first in (0, 1)
        )
        return cls(start, cases, settings, context, own, other)

    def loss(self, batch: RealLists) -> Tensor:
        """Policy gradient with group-relative advantages, plus the divergence."""
        choices = self.choices(batch)
        with torch_library().no_grad():
            begun = choices.start(self.how.group)
            chosen = choices.finished(begun, self.how.length, self.pick).chosen
            reference = self.start.network.choices(batch.histories, batch.found)
            before = reference.log_probabilities(chosen, self.how.temperature)
        values = self.evaluator.values(batch.histories, batch.found, chosen.numpy())
        self.note(reward=float(values.mean()))
        found = choices.log_probabilities(chosen, self.how.temperature)
        own = chosen_log_probabilities(found, chosen)
        gain = tensor(advantages(values).astype(np.float32))[:, :, None]
        counts = real_positions(batch, self.how.length)[:, None]
        policy = (gain * own - self.how.anchor * divergence(found, before)) * counts
        return -policy.sum() / (counts.sum() * self.how.group)

    def observed(self, network: Network) -> dict[str, float | None]:
        """How much of what its evaluator gained the other one does not see, on the held cases."""
        held = self.start.held
        histories, found = held.cases.histories.items, held.found
        chosen = network.likeliest(histories, found)[:, None]
        both = (self.evaluator, self.other)
        said = [float(one.values(histories, found, chosen).mean()) for one in both]
        self.first = self.first or (said[0], said[1])
        gained = said[0] - self.first[0], said[1] - self.first[1]
        return {"over_optimisation": gained[0] - gained[1]}


def evaluator_of(
    start: Pretrained, cases: EvaluatedCases, settings: GrpoSettings, seed: int
) -> Evaluator:
    """What learnt from lists of these cases."""
    lists = lists_to_learn_from(start.network, cases, seed)
    return Evaluator.learnt(start.network, cases, lists, settings.evaluator_steps, seed)


def advantages(values: Doubles) -> Doubles:
    """float64 [n, group], values less the mean of each group, over its standard deviation; 0 where
    all are alike.

    >>> advantages(np.array([[1.0, 3.0], [2.0, 2.0]])).tolist()
    [[-1.0, 1.0], [0.0, 0.0]]
    """
    centred = values - values.mean(axis=1, keepdims=True)
    spread = values.std(axis=1, keepdims=True)
    return np.asarray(np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 1e-9))


def divergence(found: Tensor, before: Tensor) -> Tensor:
    """float32 [n, r, length], Kullback-Leibler divergence of log-probabilities [n, r, length, m]
    from those before, at each position; -inf where closed in both.
    """
    closed = found == -torch_library().inf
    return (found.exp() * (found - before).masked_fill(closed, 0.0)).sum(3)
