"""Policies whose model of the rewards is a line over the features."""

from __future__ import annotations

import functools
from abc import abstractmethod
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar, final

import numpy as np
from annotated_types import Gt

from palate.acting import ExpectsRewards, LearnsFromRewards
from palate.arrays import Doubles, Floats
from palate.part_state import PartState, state_of
from palate.policy.bandits.belief import Belief, checked_width, features_of
from palate.policy.bandits.sums import RewardSums
from palate.store import Artefact
from palate.tables.offers import Offers
from palate.tables.rewards import Rewards


@dataclass(frozen=True)
class LineSettings:
    """The line."""

    prior: Annotated[float, Gt(0)] = 1.0
    """Standard deviation of a weight before anything was seen, in units of the noise: the greater,
    the longer it explores."""
    noise: Annotated[float, Gt(0)] | None = None
    """Standard deviation of a reward around its expectation; None: as the rewards say."""
    half_life: Annotated[float, Gt(0)] | None = None
    """After how long a reward counts half, in the unit of the rewards' times; None: none is
    forgotten."""


S = TypeVar("S")


class Line(LearnsFromRewards, ExpectsRewards, Generic[S]):
    """Base of policies with one line for all items, learnt by ridge regression.

    A subclass says how it chooses, and where its settings of the line are.

    Args:
        settings: Those of the part.
    """

    Settings: ClassVar[type[Any]]
    name: ClassVar[str]
    settings: S

    def __init__(self, settings: S | None = None) -> None:
        self.settings = self.Settings() if settings is None else settings
        self.sums_: RewardSums | None = None

    @abstractmethod
    def line(self) -> LineSettings:
        """Settings of the line."""

    @abstractmethod
    def shares(
        self, belief: Belief, X: Floats, offers: Offers, rng: np.random.Generator
    ) -> Doubles:
        """float64 [n, m], probabilities.

        Args:
            belief: What it knows.
            X: float32 [n, m, d], features; zeros for what is not allowed.
            offers: What is offered.
            rng: Draws.
        """

    @final
    def probabilities(self, offers: Offers, rng: np.random.Generator) -> Doubles:
        """float64 [n, m], exactly those with which a candidate is drawn."""
        X = features_of(offers, None if self.sums_ is None else self.sums_.width, self.name)
        return self.shares(self._belief(X.shape[2]), X, offers, rng)

    @final
    def expected(self, features: Floats) -> tuple[Doubles, Doubles]:
        """Expected difference of reward and its standard error, float64 [n] each."""
        return self._belief(features.shape[1]).difference(features)

    @final
    def updated(self, rewards: Rewards) -> Self:
        """With these rewards too: O(n d^2)."""
        d = rewards.features.shape[1]
        old = RewardSums.none(d) if self.sums_ is None else self.sums_
        checked_width(d, old.width, self.name)
        made = type(self)(self.settings)
        made.sums_ = old.plus(rewards, self.line().half_life)
        return made

    @final
    def state(self) -> Artefact:
        """Sums over the rewards."""
        return state_of(
            self,
            arrays=None if self.sums_ is None else self.sums_.arrays(),
            facts={"learnt": self.sums_ is not None},
        )

    @final
    def load(self, state: Artefact) -> Self:
        """Take up what `state` gave."""
        mine = PartState.of(self, state)
        self.sums_ = RewardSums.read(mine) if mine.fact("learnt", bool) else None
        vars(self).pop("_learnt", None)
        return self

    def _belief(self, d: int) -> Belief:
        return self._believed(RewardSums.none(d)) if self.sums_ is None else self._learnt

    @functools.cached_property
    def _learnt(self) -> Belief:
        # kept: between two batches of rewards it is the same for every choice
        return self._believed(self.sums_ or RewardSums.none(0))

    def _believed(self, sums: RewardSums) -> Belief:
        return sums.belief(self.line().prior, self.line().noise)
