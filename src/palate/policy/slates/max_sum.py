"""Lists of which both the discounted relevance and the mean diversity of pairs are high."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, final

import numpy as np
from annotated_types import Ge, Le
from scipy.stats import rankdata

from palate.acting import TradesAccuracy
from palate.arrays import Doubles, Rows
from palate.policy.slates.relevance import length
from palate.tables.slate import SlateCandidates


@dataclass(frozen=True)
class MaxSumSettings:
    """What counts how much."""

    diversity: Annotated[float, Ge(0), Le(1)] = 0.15
    """0: by score alone; 1: by unsimilarity alone, after the first one."""
    power: Annotated[float, Ge(0), Le(3)] = 0.5
    """Candidates are taken by rank^-power: 0: all alike; a run's `[slate]` estimates it."""


@final
class MaxSum(TradesAccuracy):
    """Max-sum diversification: the list is sought that is highest in (1 - diversity) * its
    discounted relevance, as a share of the most that is possible, + diversity * the mean of
    1 - similarity over its pairs; candidate after candidate, and shown best first.

    Both sides are what NDCG and intra-list diversity measure; `slate.mmr.v1` sees the nearest item
    alone, and buys about as much. Relevance is rank^-power, as often as candidates of that rank are
    taken, whatever scale the scores have. Late positions are discounted, so that it changes the
    end of a list before its head.

    Args:
        settings: See `MaxSumSettings`.

    Cost: k columns of similarity, n d each.

    Gollapudi & Sharma, An axiomatic approach for result diversification, WWW 2009; Borodin, Lee,
    Ye, Max-sum diversification, monotone submodular functions and dynamic updates, PODS 2012.

    >>> alike = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], np.float32)
    >>> three = SlateCandidates(np.array([9, 8, 1], np.float32), similarity=alike)
    >>> MaxSum(MaxSumSettings(0.3)).order(three, 2).tolist()
    [0, 2]
    """

    Settings = MaxSumSettings
    trade: ClassVar[str] = "diversity"
    falls: ClassVar[str] = "power"

    def __init__(self, settings: MaxSumSettings | None = None) -> None:
        self.settings = settings or MaxSumSettings()

    def order(self, candidates: SlateCandidates, k: int) -> Rows:
        """int32 [min(k, n)], best first; of tied ones the first comes first."""
        n, m, weight = len(candidates), length(candidates, k), self.settings.diversity
        taken, discount = self._taken(candidates), 1 / np.log2(np.arange(m) + 2)
        best_sum = (np.sort(taken)[::-1][:m] * discount).sum()
        # of an item that was shown before the list has one pair more
        alike = np.zeros(n) if candidates.before is None else candidates.before.astype(np.float64)
        left, chosen = np.ones(n, np.bool_), list[int]()
        for step in range(m):
            of_pairs = weight * alike * 2 / max(m * (m - 1), 1)
            value = (1 - weight) * taken * discount[step] / best_sum - of_pairs
            best = int(np.argmax(np.where(left, value, -np.inf)))
            chosen.append(best)
            left[best] = False
            alike = alike + candidates.similar_to(best)
        found = np.array(chosen, np.int32)
        return found[np.argsort(-candidates.scores[found], kind="stable")]

    def _taken(self, candidates: SlateCandidates) -> Doubles:
        """float64 [n], how often each is taken, up to a factor; tied ones have the same rank."""
        rank = rankdata(-candidates.scores.astype(np.float64))
        return np.asarray(rank**-self.settings.power)
