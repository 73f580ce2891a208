"""Each candidate as often as it is believed to be the best: by a line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, final

import numpy as np
from annotated_types import Ge, Gt, Le

from palate.arrays import Doubles, Floats
from palate.policy.bandits.belief import Belief
from palate.policy.bandits.best_of_samples import shares_of_best, with_floor
from palate.policy.bandits.linear import Line, LineSettings
from palate.tables.offers import Offers


@dataclass(frozen=True)
class LinearThompsonSettings:
    """Samples, floor, and the line."""

    samples: Annotated[int, Ge(1)] = 64
    """Samples of the weights that a round draws: the more, the smoother its probabilities."""
    width: Annotated[float, Gt(0)] = 1.0
    """Samples lie so many times as far from the mean as it believes: below 1 it explores less than
    Thompson sampling does, above 1 more."""
    explore: Annotated[float, Ge(0), Le(1)] = 0.01
    """Share of rounds in which any candidate is as likely as another. At 0 a candidate that is best
    in no sample has probability 0, and no other policy can be evaluated from the log."""
    line: LineSettings = field(default_factory=LineSettings)
    """The model of the rewards."""


@final
class LinearThompson(Line[LinearThompsonSettings]):
    """Shows each candidate as often as its expected reward is believed to be the highest.

    One line over features for all items, as in `policy.lin_ucb.v1`; it does as well with rewards
    that come late and in batches, since rounds of one batch differ. For clicks
    `policy.logistic_thompson.v1` bends the line to probabilities.

    Agrawal, Goyal: Thompson sampling for contextual bandits with linear payoffs, ICML 2013; its
    probabilities: `palate.policy.bandits.best_of_samples`.

    Args:
        settings: See `LinearThompsonSettings`.

    Cost: n m d times `samples` for n rounds of m candidates.
    """

    Settings = LinearThompsonSettings
    name: ClassVar[str] = "policy.linear_thompson.v1"

    def line(self) -> LineSettings:
        """Settings of the line."""
        return self.settings.line

    def shares(
        self, belief: Belief, X: Floats, offers: Offers, rng: np.random.Generator
    ) -> Doubles:
        """Shares of samples, and the floor."""
        wider = belief.wider(self.settings.width)
        share = shares_of_best(wider, X, offers, rng, self.settings.samples)
        return with_floor(share, offers, self.settings.explore)
