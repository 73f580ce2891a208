"""A run's policy among simulated people who choose among the run's own items."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from palate.arrays import Doubles
from palate.data.worlds.audience import AUDIENCES
from palate.errors import Refused
from palate.fit.offered import OfferedFeatures
from palate.policy.bandits.lin_ucb import LinUcb, LinUcbSettings
from palate.policy.epsilon_greedy import EpsilonGreedySettings
from palate.policy.softmax import SoftmaxSettings
from palate.progress import Progress, Silent
from palate.registry import PartSpec
from palate.runs.open import OpenedRun
from palate.seeding import generator
from palate.stages import Policy
from palate.study.policies.simulation import simulated

TODAY: Final = "best by a model that is astray"
GREEDY: Final = "epsilon-greedy .1 that learns"
RIVALS: Final[dict[str, PartSpec[Policy]]] = {
    TODAY: PartSpec("policy.epsilon_greedy.v1", EpsilonGreedySettings(0.0)),
    GREEDY: PartSpec(LinUcb.name, LinUcbSettings(alpha=0.0, explore=0.1)),
    "policy.softmax.v1": PartSpec("policy.softmax.v1", SoftmaxSettings()),
    LinUcb.name: PartSpec(LinUcb.name, LinUcbSettings()),
}
"""What a run's policy is held against."""


@dataclass(frozen=True)
class SimulationSettings:
    """How long, and how often.

    Attributes:
        steps: Steps of twenty visits each.
        seeds: Worlds of each kind.
        items: Most items of the run that compete, drawn by seed.
        seed: For whatever is random.
    """

    steps: int = 60
    seeds: int = 5
    items: int = 60
    seed: int = 0


@dataclass(frozen=True)
class PolicyRegret:
    """What one policy lost in one kind of world.

    Attributes:
        world: Kind of the world.
        policy: The policy.
        regret: Mean over worlds of the expected clicks lost against the best lists.
        error: Standard error of that; None with one world.
        clicks: Mean of the expected clicks.
        own: Whether it is the run's.
    """

    world: str
    policy: str
    regret: float
    error: float | None
    clicks: float
    own: bool


def compared(
    opened: OpenedRun,
    settings: SimulationSettings | None = None,
    progress: Progress | None = None,
) -> tuple[PolicyRegret, ...]:
    """Hold the run's policy against others, over the items of its blocks.

    The people are made up: it says which policy learns quicker over features like these, and
    nothing of what people want.

    Args:
        opened: The run.
        settings: How long, and how often.
        progress: Receives the worlds.

    Raises:
        Refused: The run has no policy, or one without blocks.
    """
    s, watch = settings or SimulationSettings(), progress or Silent()
    own, items = _own(opened), _items(opened, s)
    policies = {**{n: one for n, one in RIVALS.items() if n != own.name}, own.name: own}
    found = []
    for world in AUDIENCES:
        watch.begin(f"{world} people", len(policies))
        for number, (name, policy) in enumerate(policies.items(), start=1):
            found.append(_row(world, name, policy, items, s, own=policy is own))
            watch.advance(number)
        watch.end()
    return tuple(found)


def _row(
    world: str,
    name: str,
    policy: PartSpec[Policy],
    items: Doubles,
    s: SimulationSettings,
    *,
    own: bool,
) -> PolicyRegret:
    n_items, d = items.shape
    people = replace(AUDIENCES[world], n_items=n_items, d=d, steps=s.steps)
    people = replace(people, k=min(people.k, max(n_items // 3, 1)))
    came = [
        simulated(policy.build(), people, s.steps, s.seed + number, items)
        for number in range(s.seeds)
    ]
    regret = np.array([one.regret.sum() for one in came])
    error = float(regret.std(ddof=1) / np.sqrt(len(regret))) if len(regret) > 1 else None
    clicks = float(np.mean([one.clicks.sum() for one in came]))
    return PolicyRegret(world, name, float(regret.mean()), error, clicks, own)


def _own(opened: OpenedRun) -> PartSpec[Policy]:
    recipe = opened.recipe.policy
    if recipe is None or not recipe.settings.blocks:
        raise Refused(
            "the run has no policy" if recipe is None else "the run's policy reads no block",
            where=str(opened.folder),
            next_step='add blocks = ["..."] to the section [policy] of its recipe, then run it',
        )
    return recipe.part


def _items(opened: OpenedRun, s: SimulationSettings) -> Doubles:
    """float64 [n, d], some items with content, along the directions that the policy sees."""
    recipe = opened.recipe.policy
    assert recipe is not None  # noqa: S101 - `_own` has refused that already
    blocks = {name: opened.fitted.blocks[name].block for name in recipe.settings.blocks}
    rows = OfferedFeatures.of(recipe, blocks).rows(blocks, len(opened.data.catalogue))
    there = np.flatnonzero(np.abs(rows).sum(axis=1) > 0)
    if len(there) < 2:
        raise Refused(
            "fewer than two items have content",
            where=str(opened.folder),
            next_step="name other blocks in the section [policy]",
        )
    rng = generator(s.seed, "simulated items")
    return np.asarray(rows[rng.permutation(there)[: s.items]], np.float64)
