"""Made logs of a policy that shows some items more often than they please, with what pleases whom
known: whether a ranker learns what pays or repeats what was shown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, softmax

from palate.arrays import Doubles, Rows
from palate.tables import Interactions, Vocabulary


@dataclass(frozen=True, eq=False)
class Visits:
    """One item shown at each visit, drawn by the policy at work.

    Attributes:
        user: int32 [n].
        item: int32 [n], what was shown.
        reward: float64 [n], 1 where it was taken, else 0.
        propensity: float64 [n], the probability with which it was shown.
    """

    user: Rows
    item: Rows
    reward: Doubles
    propensity: Doubles


@dataclass(frozen=True, eq=False)
class PayingWorld:
    """People, items and a policy at work.

    Attributes:
        pays: float64 [n_users, n_items], how likely each user takes each item that is shown.
        logging: float64 [n_items], how likely the policy at work shows each; the same for all.
    """

    pays: Doubles
    logging: Doubles

    @classmethod
    def drawn(
        cls, rng: np.random.Generator, users: int = 300, items: int = 100, skew: float = 1.5
    ) -> PayingWorld:
        """Draw one.

        Args:
            rng: Draws all.
            users: How many users.
            items: How many items.
            skew: How much more often the policy shows some items than others, for no reason: the
                standard deviation of the logarithm; 0: all alike.
        """
        taste, kind = rng.normal(size=(users, 3)), rng.normal(size=(items, 3))
        return cls(expit(taste @ kind.T - 1.5), softmax(skew * rng.normal(size=items)))

    def visits(self, rng: np.random.Generator, each: int) -> Visits:
        """`each` visits of every user, in turn."""
        user = np.tile(np.arange(len(self.pays), dtype=np.int32), each)
        item = rng.choice(len(self.logging), len(user), p=self.logging).astype(np.int32)
        taken = rng.random(len(user)) < self.pays[user, item]
        return Visits(user, item, taken.astype(np.float64), self.logging[item])

    def log(self, visits: Visits) -> Interactions:
        """What was taken, in order, each with its propensity."""
        own = np.flatnonzero(visits.reward)
        users, items = (
            Vocabulary(tuple(f"{kind}{number}" for number in range(n)))
            for kind, n in zip("ui", self.pays.shape, strict=True)
        )
        return Interactions(
            *(users, items, visits.user[own], visits.item[own]),
            np.ones(len(own), np.float32),
            own.astype(np.int64),
            propensity=visits.propensity[own].astype(np.float32),
        )

    def paid(self, scores: Doubles, k: int) -> float:
        """Mean over users of what the k items with the highest scores [n_users, n_items] bring."""
        best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        return float(np.take_along_axis(self.pays, best, axis=1).sum(axis=1).mean())
