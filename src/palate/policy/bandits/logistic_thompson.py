"""Each candidate as often as it is believed to be the best: by a logistic model."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Annotated, ClassVar, Self, final

import numpy as np
from annotated_types import Ge, Gt, Le

from palate.acting import ExpectsRewards, LearnsFromRewards
from palate.arrays import Doubles, Floats
from palate.errors import BadInput
from palate.part_state import PartState, state_of
from palate.policy.bandits.belief import Belief, checked_width, features_of
from palate.policy.bandits.best_of_samples import shares_of_best, with_floor
from palate.policy.bandits.kept_rewards import KeptRewards
from palate.store import Artefact
from palate.tables.offers import Offers
from palate.tables.rewards import Rewards


@dataclass(frozen=True)
class LogisticThompsonSettings:
    """Samples, floor, and the model."""

    samples: Annotated[int, Ge(1)] = 64
    """Samples of the weights that a round draws: the more, the smoother its probabilities."""
    width: Annotated[float, Gt(0)] = 1.0
    """Samples lie so many times as far from the mean as it believes: below 1 it explores less than
    Thompson sampling does, above 1 more."""
    explore: Annotated[float, Ge(0), Le(1)] = 0.01
    """Share of rounds in which any candidate is as likely as another. At 0 a candidate that is best
    in no sample has probability 0, and no other policy can be evaluated from the log."""
    prior: Annotated[float, Gt(0)] = 1.0
    """Standard deviation of a weight before anything was seen, in logits."""
    half_life: Annotated[float, Gt(0)] | None = None
    """After how long a reward counts half, in the unit of the rewards' times; None: none is
    forgotten."""
    memory: Annotated[int, Ge(1)] = 20_000
    """The newest so many rewards are what it knows."""


@final
class LogisticThompson(LearnsFromRewards, ExpectsRewards):
    """Shows each candidate as often as its probability of a click is believed to be the highest.

    Rewards lie between 0 and 1. One model over features for all items. It keeps the newest rewards
    and learns from all of them at once by Laplace's approximation, since an update reward by reward
    would depend on their order; `policy.linear_thompson.v1` keeps sums alone, and is the quicker
    one.

    Chapelle, Li: An empirical evaluation of Thompson sampling, NIPS 2011; its probabilities:
    `palate.policy.bandits.best_of_samples`.

    Args:
        settings: See `LogisticThompsonSettings`.

    Cost: n m d times `samples` for n rounds of m candidates; after a batch of rewards some steps of
    Newton's method, each `memory` times d^2.
    """

    Settings = LogisticThompsonSettings
    name: ClassVar[str] = "policy.logistic_thompson.v1"

    def __init__(self, settings: LogisticThompsonSettings | None = None) -> None:
        self.settings = settings or LogisticThompsonSettings()
        self.kept_: KeptRewards | None = None

    def probabilities(self, offers: Offers, rng: np.random.Generator) -> Doubles:
        """float64 [n, m], exactly those with which a candidate is drawn."""
        X = features_of(offers, None if self.kept_ is None else self.kept_.width, self.name)
        belief = self._belief(X.shape[2]).wider(self.settings.width)
        share = shares_of_best(belief, X, offers, rng, self.settings.samples)
        return with_floor(share, offers, self.settings.explore)

    def expected(self, features: Floats) -> tuple[Doubles, Doubles]:
        """Expected difference in logits and its standard error, float64 [n] each."""
        return self._belief(features.shape[1]).difference(features)

    def updated(self, rewards: Rewards) -> Self:
        """With these rewards too.

        Raises:
            BadInput: A reward is not between 0 and 1, or the features have another width.
        """
        if len(rewards) and not ((rewards.reward >= 0) & (rewards.reward <= 1)).all():
            raise BadInput(
                f"rewards from {rewards.reward.min():g} to {rewards.reward.max():g}",
                where=self.name,
                allowed="from 0 to 1",
                next_step="choose policy.linear_thompson.v1 for amounts",
            )
        d = rewards.features.shape[1]
        old = KeptRewards.none(d) if self.kept_ is None else self.kept_
        checked_width(d, old.width, self.name)
        made = type(self)(self.settings)
        made.kept_ = old.plus(rewards, self.settings.memory)
        return made

    def state(self) -> Artefact:
        """The rewards that it keeps."""
        return state_of(
            self,
            arrays=None if self.kept_ is None else self.kept_.arrays(),
            facts={"learnt": self.kept_ is not None},
        )

    def load(self, state: Artefact) -> Self:
        """Take up what `state` gave."""
        mine = PartState.of(self, state)
        self.kept_ = KeptRewards.read(mine) if mine.fact("learnt", bool) else None
        vars(self).pop("_learnt", None)
        return self

    def _belief(self, d: int) -> Belief:
        return self._believed(KeptRewards.none(d)) if self.kept_ is None else self._learnt

    @functools.cached_property
    def _learnt(self) -> Belief:
        # kept: between two batches of rewards it is the same for every choice
        return self._believed(self.kept_ or KeptRewards.none(0))

    def _believed(self, kept: KeptRewards) -> Belief:
        return kept.belief(self.settings.prior, self.settings.half_life)
