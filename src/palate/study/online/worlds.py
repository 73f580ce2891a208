"""Users who click: variants and rankers with a known difference."""

from __future__ import annotations

from typing import Final

import numpy as np

from palate.arrays import Doubles
from palate.evaluate.online.comparison import naive_p
from palate.evaluate.online.interleaving import preference, team_draft
from palate.evaluate.online.users import UserValues
from palate.seeding import generator


def made_users(rng: np.random.Generator, n: int, kind: str, lift: float = 0.0) -> UserValues:
    """Users of one variant: clicks, money, or a ratio; with what they did before."""
    taste = rng.gamma(2.0, 0.5, n)
    before = taste + rng.normal(0, 0.5, n)
    if kind == "clicks":
        return UserValues(
            (rng.random(n) < np.clip(0.1 * taste + lift, 0, 1)).astype(float), None, before
        )
    if kind == "money":
        return UserValues(rng.exponential(taste + lift), None, before)
    count = np.asarray(1 + rng.poisson(3, n), np.float64)
    share = np.clip(0.1 * taste + lift, 0, 1)
    return UserValues(rng.binomial(count.astype(int), share).astype(float), count, before)


class ClickWorld:
    """Users who click; the second of two rankers is better.

    Args:
        active: Spread of how much users click, and how often they come: 0 for all alike.
        patience: How likely somebody looks on to the next position.
        gap: How much better the second ranker is.
    """

    def __init__(self, active: float, patience: float, gap: float) -> None:
        self.active, self.patience, self.gap = active, patience, gap

    def rankings(self, rng: np.random.Generator) -> tuple[Doubles, list[list[int]]]:
        """Appeal of 20 items, and two guesses at their order."""
        appeal = rng.random(20)
        noise = (0.5, 0.5 - self.gap)
        return appeal, [np.argsort(-(appeal + rng.normal(0, one, 20))).tolist() for one in noise]

    def visits(self, rng: np.random.Generator) -> tuple[int, float]:
        """Lists of a user, and how gladly they click."""
        if not self.active:
            return 4, 0.3
        return 1 + int(rng.lognormal(1, self.active)), float(rng.beta(0.4, 1.2))

    def clicks(
        self, rng: np.random.Generator, shown: list[int], appeal: Doubles, glad: float
    ) -> list[int]:
        """The items that somebody clicks who looks from the top down."""
        look = rng.random(len(shown)) < self.patience ** np.arange(len(shown))
        seen = [item for item, there in zip(shown, look, strict=True) if there]
        return [item for item in seen if rng.random() < glad * appeal[item]]

    def interleaved(self, rng: np.random.Generator, n: int) -> float:
        """p of n users who see both."""
        credit, user = [], []
        for one in range(n):
            lists, glad = self.visits(rng)
            for _ in range(lists):
                appeal, rankings = self.rankings(rng)
                found = team_draft(rankings, 10, rng)
                own = found.credit(self.clicks(rng, list(found.items), appeal, glad))
                credit.append(np.pad(own, (0, 2 - len(own))))
                user.append(one)
        return preference(np.array(credit), np.array(user, np.int32)).p

    def split(self, rng: np.random.Generator, n: int) -> float:
        """p of n users, half of whom see each."""
        values: tuple[list[int], list[int]] = ([], [])
        for one in range(n):
            lists, glad = self.visits(rng)
            total = 0
            for _ in range(lists):
                appeal, rankings = self.rankings(rng)
                total += len(self.clicks(rng, rankings[one % 2][:10], appeal, glad))
            values[one % 2].append(total)
        return naive_p(np.array(values[0], float), np.array(values[1], float))


WORLDS: Final = {
    "all alike": ClickWorld(0.0, 0.9, 0.4),
    "active ones": ClickWorld(1.0, 0.9, 0.4),
    "impatient": ClickWorld(1.0, 0.6, 0.4),
}


def power(world: ClickWorld, way: str, n: int, runs: int = 60) -> float:
    """How often a way finds the difference with n users."""
    one = {"interleaved": world.interleaved, "split": world.split}[way]
    return float(np.mean([one(generator(r, "click world", way), n) < 0.05 for r in range(runs)]))
