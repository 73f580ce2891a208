"""From the policy of today to one that learns, as it proves better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Self, final

import numpy as np
from annotated_types import Ge, Gt, Le

from palate.acting import ExpectsRewards, LearnsFromRewards
from palate.arrays import Doubles
from palate.capabilities import MadeOf
from palate.errors import BadRecipe
from palate.part_state import PartState, nested, state_of
from palate.stages import Policy
from palate.store import Artefact
from palate.tables.offers import Offers
from palate.tables.rewards import Rewards


@dataclass(frozen=True)
class SafeStartSettings:
    """The two policies, and what the new one may spend before it has proved better."""

    policy: Mapping[str, Any] = field(default_factory=lambda: {"part": "policy.linear_thompson.v1"})
    """The policy that learns: a table with its `part` and settings."""
    start: Mapping[str, Any] = field(default_factory=lambda: {"part": "policy.softmax.v1"})
    """The policy of today, which goes by scores: a table with its `part` and settings."""
    budget: Annotated[float, Ge(0), Le(1)] = 0.1
    """Share of rounds that go to the new policy where it has not proved better."""
    errors: Annotated[float, Gt(0)] = 2.0
    """It has proved better in a round where its expected reward lies so many standard errors above
    that of the policy of today."""


@final
class SafeStart(LearnsFromRewards, MadeOf):
    """The policy of today, and the one that learns wherever it has proved better.

    In each round both say what they would show. Where the lower bound of what the learner expects
    of the change is above 0, it acts; else it acts in a share `budget` of rounds, so that with
    rewards from 0 on no round expects less than (1 - budget) of what it would have brought. Both
    learn from all rounds. The lower bound is the learner's own: it holds as far as its model does.

    After the conservative bandits of Wu, Shariff, Lattimore, Szepesvari, ICML 2016, with the bound
    on each round in place of that on their sum.

    Args:
        settings: See `SafeStartSettings`.
    """

    Settings = SafeStartSettings
    name: ClassVar[str] = "policy.safe_start.v1"
    inner: ClassVar[Mapping[str, tuple[str, ...]]] = {"policy": ("policy",), "start": ("policy",)}

    def __init__(self, settings: SafeStartSettings | None = None) -> None:
        self.settings = settings or SafeStartSettings()

    def probabilities(self, offers: Offers, rng: np.random.Generator) -> Doubles:
        """float64 [n, m], exactly those with which a candidate is drawn."""
        own = self._learner().probabilities(offers, rng)
        start: Policy = self.part("start")
        today = start.probabilities(offers, rng)
        share = np.where(self._better(own - today, offers), 1.0, self.settings.budget)[:, None]
        return np.asarray(share * own + (1 - share) * today)

    def updated(self, rewards: Rewards) -> Self:
        """With these rewards too: those of rounds of either policy."""
        parts = {
            name: part.updated(rewards) if isinstance(part, LearnsFromRewards) else part
            for name, part in self.inner_parts.items()
        }
        return self.with_parts(parts)

    def state(self) -> Artefact:
        """The states of those of the two that learn."""
        arrays: dict[str, Any] = {}
        facts: dict[str, Any] = {}
        for name in self._learning():
            inside, of_it = nested(name, self.inner_parts[name].state())
            arrays |= inside
            facts |= {f"{name}_state": of_it[name]}
        return state_of(self, arrays=arrays, facts=facts)

    def load(self, state: Artefact) -> Self:
        """Take up what `state` gave."""
        mine = PartState.of(self, state)
        for name in self._learning():
            facts = mine.fact(f"{name}_state", dict[str, Any])
            arrays = {
                key.removeprefix(f"{name}."): array
                for key, array in state.arrays.items()
                if key.startswith(f"{name}.")
            }
            self.inner_parts[name].load(Artefact(arrays, facts))
        return self

    def _learning(self) -> list[str]:
        return [name for name in self.inner if isinstance(self.part(name), LearnsFromRewards)]

    def _learner(self) -> Policy:
        policy: Policy = self.part("policy")
        if not (isinstance(policy, LearnsFromRewards) and isinstance(policy, ExpectsRewards)):
            raise BadRecipe(
                f"{type(policy).__name__} does not say what it expects",
                where="policy.policy",
                allowed="a policy that learns from rewards, such as policy.linear_thompson.v1",
            )
        return policy

    def _better(self, change: Doubles, offers: Offers) -> Any:
        """bool [n], where the lower bound of a change of probabilities [n, m] is above 0."""
        learner: ExpectsRewards = self.part("policy")
        assert offers.features is not None  # noqa: S101 - the learner has refused that already
        features = np.where(offers.open[:, :, None], offers.features, 0)
        moved = np.einsum("nm,nmd->nd", change, features)
        mean, error = learner.expected(np.asarray(moved, np.float32))
        return mean - self.settings.errors * error > 0
