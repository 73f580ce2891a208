"""Made-up figures of users most of whom have zero, with their true mean: whether intervals hold it
(promise P4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from palate.arrays import Doubles
from palate.evaluate.comparisons import compare
from palate.evaluate.intervals import mean_intervals
from palate.seeding import generator

Kind: TypeAlias = Literal["hit", "ndcg", "difference"]
"""0 or 1; a discount by one of ten ranks; the second, less that of a model that keeps most of the
same hits."""
IntervalOf: TypeAlias = Callable[[Doubles, int], tuple[float, float]]
"""Figures [n_users] and a seed -> the two ends."""

DISCOUNTS = 1 / np.log2(1 + np.arange(1.0, 11.0))
KEPT, OTHER = 0.6, 0.8
"""The other model keeps this share of the hits, and has this share of their number."""


@dataclass(frozen=True)
class RareHits:
    """A population of users.

    Attributes:
        kind: What is measured of a user.
        rate: Share of the users that are hit.
    """

    kind: Kind
    rate: float

    @property
    def truth(self) -> float:
        """The mean over all users there are."""
        discount = float(DISCOUNTS.mean())
        return self.rate * {"hit": 1.0, "ndcg": discount, "difference": 0.2 * discount}[self.kind]

    def draw(self, n_users: int, seed: int) -> Doubles:
        """float64 [n_users], figures of users drawn from it."""
        rng = generator(seed, "rare hits", self.kind, n_users)
        hit = rng.random(n_users) < self.rate
        if self.kind == "hit":
            return hit.astype(np.float64)
        found = np.where(hit, rng.choice(DISCOUNTS, n_users), 0.0)
        if self.kind == "ndcg":
            return found
        new = self.rate * (OTHER - KEPT) / (1 - self.rate)
        other = np.where(hit, rng.random(n_users) < KEPT, rng.random(n_users) < new)
        moved = np.where(hit & (rng.random(n_users) < 0.5), found, rng.choice(DISCOUNTS, n_users))
        return np.asarray(found - np.where(other, moved, 0.0))

    def coverage(self, n_users: int, times: int, interval: IntervalOf) -> tuple[float, float]:
        """The share of `times` samples whose interval holds the truth, and the mean width."""
        ends = np.array([interval(self.draw(n_users, seed), seed) for seed in range(times)])
        inside = (ends[:, 0] <= self.truth + 1e-12) & (self.truth - 1e-12 <= ends[:, 1])
        return float(inside.mean()), float(np.mean(ends[:, 1] - ends[:, 0]))

    def ours(self, figures: Doubles, seed: int) -> tuple[float, float]:
        """The interval that a run would give such figures."""
        if self.kind == "difference":
            found = compare(figures, np.zeros(len(figures)), most=1.0)
            return found.low, found.high
        mean = mean_intervals(figures, within=(0.0, 1.0))
        return float(mean.low[0]), float(mean.high[0])


def percentile(figures: Doubles, seed: int) -> tuple[float, float]:
    """The negative control: 2.5 and 97.5 per cent of the means of resampled users."""
    rng = generator(seed, "percentile")
    means = figures[rng.integers(0, len(figures), (200, len(figures)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
