"""The newest rewards, one by one: what a model needs that no sums suffice for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from palate.arrays import Doubles, Longs
from palate.part_state import PartState
from palate.policy.bandits.belief import Belief
from palate.policy.bandits.sums import weights_by_age, with_constant
from palate.tables.rewards import Rewards

_STEPS, _CLOSE = 100, 1e-10


@dataclass(frozen=True, eq=False)
class KeptRewards:
    """Rewards, at most so many: the newest.

    Attributes:
        X: float64 [n, d + 1], features and a constant.
        y: float64 [n], rewards.
        weight: float64 [n].
        time: int64 [n].
    """

    X: Doubles
    y: Doubles
    weight: Doubles
    time: Longs

    @classmethod
    def none(cls, d: int) -> KeptRewards:
        """Nothing."""
        return cls(np.zeros((0, d + 1)), np.zeros(0), np.zeros(0), np.zeros(0, np.int64))

    @property
    def width(self) -> int:
        """d, the number of features."""
        return int(self.X.shape[1]) - 1

    def plus(self, rewards: Rewards, most: int) -> KeptRewards:
        """With these too, and without all but the newest `most`.

        Whichever came first, the same ones are left: of one time those with the smallest
        fingerprint, which says nothing about what they are like.
        """
        both = KeptRewards(
            np.vstack([self.X, with_constant(rewards.features)]),
            np.concatenate([self.y, rewards.reward]),
            np.concatenate([self.weight, rewards.weights]),
            np.concatenate([self.time, rewards.times]),
        )
        if len(both.y) <= most:
            return both
        left = np.lexsort((both._fingerprint(), -both.time))[:most]
        return KeptRewards(both.X[left], both.y[left], both.weight[left], both.time[left])

    def belief(self, prior: float, half_life: float | None) -> Belief:
        """The weights of a logistic model of the rewards: normal around the most likely ones, with
        the curvature there (Laplace's approximation).

        Args:
            prior: Standard deviation of a weight before anything was seen, in logits.
            half_life: After how long a reward counts half; None: none is forgotten.
        """
        now = int(self.time.max(initial=np.iinfo(np.int64).min))
        w = self.weight * weights_by_age(self.time, now, half_life)
        beta = np.zeros(self.X.shape[1])
        for _ in range(_STEPS):
            p = expit(self.X @ beta)
            slope = self.X.T @ (w * (self.y - p)) - beta / prior**2
            precision = (self.X * (w * p * (1 - p))[:, None]).T @ self.X
            precision += np.eye(len(beta)) / prior**2
            step = np.asarray(np.linalg.solve(precision, slope), np.float64)
            if float(slope @ step) < _CLOSE**2:
                break
            beta = beta + self._damped(beta, step, w, prior) * step
        return Belief.of(precision, precision @ beta)

    def arrays(self) -> Mapping[str, Any]:
        """As arrays of a state."""
        return {"X": self.X, "y": self.y, "weight": self.weight, "time": self.time}

    @classmethod
    def read(cls, state: PartState) -> KeptRewards:
        """What `arrays` gave. Raises BadInput where it is not whole."""
        X = state.array("X", np.float64, None, None)
        y, weight = (state.array(name, np.float64, len(X)) for name in ("y", "weight"))
        return cls(X, y, weight, state.array("time", np.int64, len(X)))

    def _damped(self, beta: Doubles, step: Doubles, w: Doubles, prior: float) -> float:
        """How much of a step does not make things worse: Newton's can overshoot far from the
        optimum.
        """
        share, before = 1.0, self._loss(beta, w, prior)
        while share > 1e-6 and self._loss(beta + share * step, w, prior) > before + 1e-12:
            share /= 2
        return share

    def _loss(self, beta: Doubles, w: Doubles, prior: float) -> float:
        logit = self.X @ beta
        likelihood = w @ (np.logaddexp(0, logit) - self.y * logit)
        return float(likelihood + beta @ beta / (2 * prior**2))

    def _fingerprint(self) -> Any:
        """uint64 [n], a mixture of the bits of a row."""
        rows = np.column_stack([self.X, self.y, self.weight])
        bits = np.ascontiguousarray(rows + 0.0).view(np.uint64)  # + 0.0: -0 is 0
        mixed = np.zeros(len(rows), np.uint64)
        for column in bits.T:  # the finaliser of splitmix64, column after column
            mixed = (mixed ^ column) * np.uint64(0xBF58476D1CE4E5B9)
            mixed = (mixed ^ (mixed >> np.uint64(31))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(29))
