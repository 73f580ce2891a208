"""SeqGAN: a generator of lists that learns to be taken for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, final

import numpy as np
from annotated_types import Ge, Gt, Le

from palate.arrays import Doubles, Rows
from palate.gradient.engine import Tensor, tensor, torch_library
from palate.gradient.loop import Curve
from palate.model.generate.choices import Choices, rolled_out
from palate.model.generate.discriminator import Discriminator
from palate.model.generate.likelihood import Pretrained
from palate.model.generate.list_generator import ListGenerator
from palate.model.generate.pretrained import Network, items_of
from palate.model.generate.real_lists import RealLists
from palate.model.generate.samples import (
    LearnsFromSamples,
    chosen_log_probabilities,
    entropy,
    learn_from_samples,
    real_positions,
)
from palate.model.generate.settings import RealListSettings
from palate.stages import FitContext, Scorer
from palate.tables import Training


@dataclass(frozen=True)
class SeqGanSettings(RealListSettings):
    """The generator, what it is rewarded for, and how."""

    roll_outs: Annotated[int, Ge(1)] = 8
    """How often a list is finished from each of its items on, to see what came of the item."""
    realism: Annotated[float, Ge(0), Le(1)] = 0.5
    """Share of the reward that is the discriminator's; the rest is NDCG against what the person did
    then."""
    forcing: Annotated[float, Ge(0)] = 1.0
    """Weight of the likelihood in every step; without it generators end with a few lists."""
    entropy: Annotated[float, Ge(0)] = 0.01
    """Weight of the entropy of the choices, which keeps lists apart."""
    momentum: Annotated[float, Ge(0), Le(1)] = 0.9
    """How much of the baseline stays with each batch."""
    good_enough: Annotated[float, Gt(0.5), Le(1)] = 0.75
    """The discriminator learns only while it is right less often than this."""
    warm_up: Annotated[int, Ge(0)] = 3
    """Passes over the real lists in which the discriminator alone learns."""


@final
class SeqGan(ListGenerator):
    """A list, item by item, by a generator that also learnt from a discriminator of whole lists.

    After the likelihood (`model.generator.v1`) the generator samples lists; a discriminator learns
    to tell them from what people did; each item is rewarded with what the discriminator, and NDCG
    against what the person did then, say of the lists that go on from it (Monte-Carlo roll-outs),
    less a moving average (REINFORCE). Every step learns the likelihood too. Training is measured on
    validation cases before its first step: where it does not help, the generator of the likelihood
    stays, and the report says so. It is no recommendation over `model.generator.v1` or a slate;
    see the quality tables.

    Args:
        settings: See `SeqGanSettings`.

    Attributes:
        network_: What lists.
        curve_: How training went; with `reward`, `discriminator_loss`, `distinct_items` and
            `coverage` of the lists of validation cases.

    Cost: a batch takes batch x length^2 / 2 x roll_outs steps of the LSTM; else as
        `model.generator.v1`.

    Yu, Zhang, Wang, Yu, SeqGAN: sequence generative adversarial nets with policy gradient, AAAI
    2017.
    """

    does: ClassVar[str] = (
        "a neural network that puts a list together item by item, taught by another one that tells"
        " such lists from what people did."
    )
    Settings = SeqGanSettings

    def __init__(self, settings: SeqGanSettings | None = None) -> None:
        self.settings: SeqGanSettings = settings or SeqGanSettings()

    def _improved(
        self, start: Pretrained, training: Training, context: FitContext
    ) -> tuple[Network, Curve]:
        learner = Adversarial.of(self.settings, self.member_[1], start, training, context)
        return learn_from_samples(learner, context)


class Adversarial(LearnsFromSamples):
    """Generator against discriminator, batch by batch.

    Args:
        start: The generator of the likelihood.
        lists: What people did.
        settings: See `SeqGanSettings`.
        context: Seed.
        discriminator: Learns beside it.
    """

    def __init__(
        self,
        start: Pretrained,
        lists: RealLists,
        settings: SeqGanSettings,
        context: FitContext,
        discriminator: Discriminator,
    ) -> None:
        super().__init__(start, lists, settings, context)
        self.how, self.discriminator = settings, discriminator
        self.baseline: Doubles | None = None

    @classmethod
    def of(
        cls,
        settings: SeqGanSettings,
        member: Scorer,
        start: Pretrained,
        training: Training,
        context: FitContext,
    ) -> Adversarial:
        """With real lists of the training part, and a discriminator that has seen them."""
        lists = RealLists.of(training.log, member, settings, context.seed)
        rate = 3 * settings.schedule.rate
        discriminator = Discriminator(settings, training, context, rate, settings.good_enough)
        learner = cls(start, lists, settings, context, discriminator)
        learner.warm_up()
        return learner

    def warm_up(self) -> None:
        """Teach the discriminator before it teaches."""
        for _ in range(self.how.warm_up):
            for batch in self.batches(self.forcing):
                with torch_library().no_grad():
                    chosen = self._sampled(self.choices(batch))
                generated = items_of(batch.found, chosen.numpy())
                self.discriminator.learn(batch.histories, batch.items, generated)

    def loss(self, batch: RealLists) -> Tensor:
        """REINFORCE, less entropy, plus the likelihood."""
        choices = self.choices(batch)
        with torch_library().no_grad():
            chosen = self._sampled(choices)
            begun = rolled_out(choices, chosen, self.how.roll_outs, self.pick)
        generated = items_of(batch.found, chosen.numpy())
        said = self.discriminator.learn(batch.histories, batch.items, generated)
        rewards = self._rewards(batch, items_of(batch.found, begun.numpy()), generated)
        counts = real_positions(batch, chosen.shape[1])
        found = choices.log_probabilities(chosen[:, None], self.how.temperature)
        own = chosen_log_probabilities(found, chosen[:, None])[:, 0]
        gain = tensor((rewards - self._moved(rewards)).astype(np.float32))
        policy = (gain * own + self.how.entropy * entropy(found)[:, 0]) * counts
        likelihood = self.teacher(len(batch))
        self.note(
            loss=float(likelihood.detach()),
            reward=float(rewards[:, -1].mean()),
            discriminator_loss=said,
        )
        return self.how.forcing * likelihood - policy.sum() / counts.sum()

    def observed(self, network: Network) -> dict[str, float | None]:
        """Nothing further."""
        return {}

    def _sampled(self, choices: Choices) -> Tensor:
        return choices.finished(choices.start(), self.how.length, self.pick).chosen[:, 0]

    def _rewards(self, batch: RealLists, begun: Rows, generated: Rows) -> Doubles:
        """float64 [n, length], what came of each item of a list: the mean over the lists that go on
        from it.
        """
        n, positions, times, length = begun.shape
        every = np.concatenate([begun.reshape(n, positions * times, length), generated[:, None]], 1)
        share = self.how.realism
        found = (1 - share) * batch.ndcg(every)
        if share:
            found = found + share * self.discriminator.probabilities(batch.histories, every)
        going_on = found[:, :-1].reshape(n, positions, times).mean(axis=2)
        return np.concatenate([going_on, found[:, -1:]], axis=1)

    def _moved(self, rewards: Doubles) -> Doubles:
        """float64 [length], the baseline before this batch, which it then moves."""
        mean = rewards.mean(axis=0)
        before = mean if self.baseline is None else self.baseline
        self.baseline = self.how.momentum * before + (1 - self.how.momentum) * mean
        return before
