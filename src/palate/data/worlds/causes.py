"""Made logs in which the effect of a treatment is known, and what else moves both sides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from scipy.special import expit

GRAPH: Final = (
    "popularity -> featured; activity -> featured; popularity -> click; activity -> click;"
    " segment -> click; featured -> click; featured -> rank_score; click -> rank_score"
)
"""What causes what in these worlds."""


@dataclass(frozen=True)
class CauseWorld:
    """Items are featured, the popular ones and for active people more often; both click more.

    Attributes:
        n_users: Users.
        rows: Rows of each.
        effect: What being featured adds to the probability of a click, on average.
        uneven: By how much more it adds in segment "a", and less in "b".
        confounding: How strongly popularity and activity move the treatment.
        bent: Whether they do so along a curve that no line follows.
        mood: Standard deviation of what a user's clicks have in common.
    """

    n_users: int = 400
    rows: int = 4
    effect: float = 0.1
    uneven: float = 0.05
    confounding: float = 0.8
    bent: bool = False
    mood: float = 0.08

    def log(self, rng: np.random.Generator) -> pl.DataFrame:
        """Columns user, segment, activity, popularity, featured, click, rank_score; a row each."""
        n = self.n_users * self.rows
        user = np.repeat(np.arange(self.n_users), self.rows)
        activity = rng.normal(size=self.n_users)[user]
        segment = rng.integers(0, 2, n)
        popularity = rng.normal(size=n)
        pull = self._pull(popularity, activity)
        featured = rng.random(n) < expit(self.confounding * pull)
        mood = self.mood * rng.choice([-1.0, 1.0], self.n_users)[user]
        base = 0.15 + 0.4 * expit(1.2 * pull) + mood
        added = self.effect + np.where(segment == 0, self.uneven, -self.uneven)
        click = rng.random(n) < base + added * featured
        return pl.DataFrame(
            {
                "user": user,
                "segment": np.where(segment == 0, "a", "b"),
                "activity": activity,
                "popularity": popularity,
                "featured": featured.astype(np.int8),
                "click": click.astype(np.int8),
                "rank_score": featured + click + rng.normal(scale=0.5, size=n),
            }
        )

    def _pull(self, popularity: np.ndarray, activity: np.ndarray) -> np.ndarray:
        if self.bent:
            return np.asarray(popularity**2 - 1 + 0.5 * activity * popularity)
        return np.asarray(popularity + 0.5 * activity)
