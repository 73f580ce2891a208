"""The best, and now and then anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, final

import numpy as np
from annotated_types import Ge, Le

from palate.arrays import Doubles
from palate.policy.shares import mixed, uniform
from palate.tables.offers import Offers


@dataclass(frozen=True)
class EpsilonGreedySettings:
    """How often it explores."""

    epsilon: Annotated[float, Ge(0), Le(1)] = 0.1
    """Share of rounds in which any candidate is as likely as another; 0: always the best."""


@final
class EpsilonGreedy:
    """The candidate with the highest score, and in a share of rounds any: the control of all that
    explore more wisely. Several best ones share.

    Args:
        settings: See `EpsilonGreedySettings`.
    """

    Settings = EpsilonGreedySettings

    def __init__(self, settings: EpsilonGreedySettings | None = None) -> None:
        self.settings = settings or EpsilonGreedySettings()

    def probabilities(self, offers: Offers, rng: np.random.Generator) -> Doubles:
        """float64 [n, m], 0 for what is not allowed; nothing is drawn."""
        open_ = offers.open
        scores = np.where(open_, offers.scores, -np.inf)
        best = open_ & (scores == scores.max(axis=1, keepdims=True, initial=-np.inf))
        return mixed(uniform(best), uniform(open_), self.settings.epsilon)
