"""A policy at work on people whose preferences are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from palate.acting import LearnsFromRewards
from palate.arrays import Doubles
from palate.data.worlds.audience import Audience, AudienceSettings
from palate.policy.drawn import drawn_lists
from palate.seeding import generator
from palate.stages import Policy


@dataclass(frozen=True, eq=False)
class Simulated:
    """What came of it.

    Attributes:
        regret: float64 [steps], expected clicks that each step lost against the best lists.
        clicks: float64 [steps], expected clicks of each step's lists.
        new: Showings of items that came at most ten steps before, in the best lists.
        found: Those of them that the policy's lists had.
        disallowed: Showings of items that were not allowed.
    """

    regret: Doubles
    clicks: Doubles
    new: int
    found: int
    disallowed: int


def simulated(
    policy: Policy,
    settings: AudienceSettings,
    steps: int,
    seed: int,
    items: Doubles | None = None,
) -> Simulated:
    """Let a policy choose lists for simulated people, and learn from their clicks if it learns.

    Args:
        policy: The policy; it stays as it is.
        settings: The people.
        steps: Steps of `settings.visits` visits; clicks are known after each step.
        seed: For people, clicks and draws. Two policies with the same seed meet the same people.
        items: What items are like, see `Audience`; None: they are drawn.
    """
    audience, rng = Audience(settings, seed, items), generator(seed, "simulated policy")
    regret, clicks, new, found, disallowed = np.zeros(steps), np.zeros(steps), 0, 0, 0
    for step in range(steps):
        offers = audience.offers()
        lists = drawn_lists(policy, offers, settings.k, rng).columns
        there = lists >= 0
        rows = np.nonzero(there)[0]
        disallowed += int((~offers.open[rows, lists[there]]).sum())
        came = audience.shown(lists)
        regret[step], clicks[step] = came.regret, came.expected.sum()
        new, found = new + came.new, found + came.found
        if isinstance(policy, LearnsFromRewards):
            policy = policy.updated(came.rewards)
    return Simulated(regret, clicks, new, found, disallowed)
