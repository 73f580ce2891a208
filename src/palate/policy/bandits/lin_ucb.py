"""The best that it may yet turn out to be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, final

import numpy as np
from annotated_types import Ge, Le

from palate.arrays import Doubles, Floats
from palate.policy.bandits.belief import Belief
from palate.policy.bandits.best_of_samples import with_floor
from palate.policy.bandits.linear import Line, LineSettings
from palate.policy.shares import uniform
from palate.tables.offers import Offers


@dataclass(frozen=True)
class LinUcbSettings:
    """How far it hopes, and the line."""

    alpha: Annotated[float, Ge(0)] = 1.0
    """How many standard errors above its expectation a candidate is judged; 0: by the expectation
    alone, which with `explore` is epsilon-greedy that learns."""
    explore: Annotated[float, Ge(0), Le(1)] = 0.01
    """Share of rounds in which any candidate is as likely as another. At 0 all but the best have
    probability 0, and no other policy can be evaluated from the log."""
    line: LineSettings = field(default_factory=LineSettings)
    """The model of the rewards."""


@final
class LinUcb(Line[LinUcbSettings]):
    """Shows the candidate with the highest upper confidence bound of its reward.

    One line over features for all items: what was learnt of one counts for those like it, so that
    new items are judged at once. Where logs are to be used for other policies
    `policy.linear_thompson.v1` spreads what it shows more. Several best ones share.

    Li, Chu, Langford, Schapire: A contextual-bandit approach to personalized news article
    recommendation, WWW 2010 (LinUCB with one model of all arms).

    Args:
        settings: See `LinUcbSettings`.

    Cost: n m d^2 for n rounds of m candidates.
    """

    Settings = LinUcbSettings
    name: ClassVar[str] = "policy.lin_ucb.v1"

    def line(self) -> LineSettings:
        """Settings of the line."""
        return self.settings.line

    def shares(
        self, belief: Belief, X: Floats, offers: Offers, rng: np.random.Generator
    ) -> Doubles:
        """The best bound, and the floor; nothing is drawn."""
        bound = belief.expected(X)
        if self.settings.alpha:
            bound = bound + self.settings.alpha * belief.error(X)
        open_ = offers.open
        bound = np.where(open_, bound, -np.inf)
        top = bound.max(axis=1, keepdims=True, initial=-np.inf)
        # as far apart as rounding: twins must share, in whatever order they stand
        best = open_ & (bound >= top - 1e-12 * (1 + np.abs(np.where(np.isfinite(top), top, 0))))
        return with_floor(uniform(best), offers, self.settings.explore)
