"""Sums over rewards: all that a linear model needs of them, whatever their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from palate.arrays import Doubles, Longs
from palate.part_state import PartState
from palate.policy.bandits.belief import Belief
from palate.tables.rewards import Rewards


def weights_by_age(time: Longs, now: int, half_life: float | None) -> Doubles:
    """float64 [n], halved with every half-life before `now`; ones where nothing is forgotten.

    >>> weights_by_age(np.array([0, 10, 20]), 20, 10.0).tolist()
    [0.25, 0.5, 1.0]
    """
    if half_life is None:
        return np.ones(len(time))
    return np.asarray(np.exp2(-np.maximum(now - time, 0) / half_life))


def with_constant(X: Any) -> Doubles:
    """float64 [n, d + 1], features [n, d] and a column of ones."""
    return np.hstack([np.asarray(X, np.float64), np.ones((len(X), 1))])


@dataclass(frozen=True, eq=False)
class RewardSums:
    """Sums over rewards, in which those of one half-life before the latest count half.

    Attributes:
        gram: float64 [d + 1, d + 1], of the products of features and a constant.
        products: float64 [d + 1], of features times reward.
        squares: Of squared rewards.
        weight: Of weights.
        latest: When the latest reward's candidate was shown.
    """

    gram: Doubles
    products: Doubles
    squares: float
    weight: float
    latest: int

    @classmethod
    def none(cls, d: int) -> RewardSums:
        """Those over nothing."""
        return cls(np.zeros((d + 1, d + 1)), np.zeros(d + 1), 0.0, 0.0, np.iinfo(np.int64).min)

    @property
    def width(self) -> int:
        """d, the number of features."""
        return len(self.products) - 1

    def plus(self, rewards: Rewards, half_life: float | None) -> RewardSums:
        """With these too, late ones by the age that they have."""
        if not len(rewards):
            return self
        now = max(self.latest, int(rewards.times.max()))
        w = rewards.weights * weights_by_age(rewards.times, now, half_life)
        X, y = with_constant(rewards.features), rewards.reward
        old = self._at(now, half_life)
        return RewardSums(
            old.gram + (X * w[:, None]).T @ X,
            old.products + X.T @ (w * y),
            old.squares + float(w @ y**2),
            old.weight + float(w.sum()),
            now,
        )

    def belief(self, prior: float, noise: float | None) -> Belief:
        """The weights of a linear model of the rewards.

        Args:
            prior: Standard deviation of a weight before anything was seen, in units of the noise.
            noise: Standard deviation of a reward around its expectation; None: as the rewards
                say, which count from the first two on beside an imagined .5 of the weight of two.
        """
        precision = self.gram + np.eye(len(self.products)) / prior**2
        belief = Belief.of(precision, self.products)
        if noise is None:
            # least squares: what is left of the squares is y'y - mean' products
            left = max(self.squares - float(belief.mean @ self.products), 0.0)
            noise = float(np.sqrt((left + 2 * 0.25) / (self.weight + 2)))
        return Belief(belief.mean, noise * belief.half)

    def arrays(self) -> Mapping[str, Any]:
        """As arrays of a state."""
        return {
            "gram": self.gram,
            "products": self.products,
            "totals": np.array([self.squares, self.weight]),
            "latest": np.array([self.latest], np.int64),
        }

    @classmethod
    def read(cls, state: PartState) -> RewardSums:
        """What `arrays` gave. Raises BadInput where it is not whole."""
        products = state.array("products", np.float64, None)
        squares, weight = state.array("totals", np.float64, 2).tolist()
        gram = state.array("gram", np.float64, len(products), len(products))
        return cls(gram, products, squares, weight, int(state.array("latest", np.int64, 1)[0]))

    def _at(self, now: int, half_life: float | None) -> RewardSums:
        if half_life is None or not self.weight:
            return self
        share = float(weights_by_age(np.array([self.latest]), now, half_life)[0])
        return replace(
            self,
            gram=share * self.gram,
            products=share * self.products,
            squares=share * self.squares,
            weight=share * self.weight,
        )
