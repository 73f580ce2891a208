"""How much accuracy a slate costs and what it brings: the frontier over its one setting, on given
cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from palate import ranks
from palate.arrays import Doubles, Floats, Ragged, Rows
from palate.evaluate.beyond_accuracy import (
    intra_list_diversity,
    miscalibration,
)
from palate.evaluate.ranking import rank
from palate.fit.slates import SlateContent, weighed
from palate.policy.slates.greedy import GreedySlate
from palate.registry import PartSpec
from palate.runs.slate_rows import FrontierPoint
from palate.stages import Scorer, Slate
from palate.tables import Cases, TargetRanks

WEIGHTS = (
    *(0.0, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45),
    *(0.5, 0.6, 0.7, 0.8, 0.9),
)
"""What is tried of a slate's setting: a geometric series where a steep one already trades much,
even steps after it."""
POWERS = (0.0, 3.0)
"""The least and the highest power of the rank that is looked for."""


@dataclass(frozen=True, eq=False)
class SlateCases:
    """Cases with the candidates of a model.

    Attributes:
        items: int32 [n_cases, m], the model's best items; -1 where there are fewer.
        scores: float32 [n_cases, m].
        targets: int32 [n_cases], what was wanted.
        taste: float64 [n_cases, g], shares of the values in the history.
        about: What is known of the items.
    """

    items: Rows
    scores: Floats
    targets: Ragged
    taste: Doubles
    about: SlateContent

    @classmethod
    def of(cls, scorer: Scorer, cases: Cases, about: SlateContent, m: int = 100) -> SlateCases:
        """The m best items of a fitted model for each case."""
        lists = rank(scorer, cases, m)[1]
        taste = about.taste(cases.histories.items)
        return cls(lists.items, lists.scores, cases.targets, taste, about)

    def lists(self, parts: Sequence[Slate], k: int) -> list[Rows]:
        """int32 [n_cases, k] of each slate, the items that it lists; -1 where there are fewer."""
        found = [np.full((len(self.items), k), -1, np.int32) for _ in parts]
        for case, items in enumerate(self.items):
            own = items[items >= 0]
            candidates = self.about.candidates(
                own, self.scores[case, : len(own)], self.taste[case], products=len(parts) > 1
            )
            for part, rows in zip(parts, found, strict=True):
                order = part.order(candidates, k)
                rows[case, : len(order)] = own[order]
        return found

    def measured(self, lists: Rows) -> SlateFigures:
        """What lists [n_cases, k] reach."""
        about, n_items = self.about, len(self.about.shares)
        unknown = np.full(len(lists), np.nan)
        return SlateFigures(
            ranks.ndcg(self._ranks(lists), lists.shape[1]),
            unknown if about.content is None else intra_list_diversity(lists, about.content),
            miscalibration(lists, about.shares, self.taste),
            len(np.unique(lists[lists >= 0])) / max(n_items, 1),
        )

    def power(self) -> float:
        """With which power of its rank a candidate is taken the less, from 0 to 3, to two
        digits: the likeliest for the targets that are among the candidates; 0 where none is.
        """
        targets = self._ranks(self.items).position
        rank = np.log(np.arange(1, self.items.shape[1] + 1))
        found = np.log(targets[np.isfinite(targets)])
        if not len(found) or len(rank) < 2:
            return 0.0

        def above(power: float) -> float:
            # the mean of log rank falls with the power; it is that of the targets at the likeliest
            taken = np.exp(-power * rank)
            return float(rank @ taken / taken.sum() - found.mean())

        low, high = POWERS
        if above(low) <= 0:
            return low
        return high if above(high) >= 0 else round(float(brentq(above, low, high)), 2)

    def _ranks(self, lists: Rows) -> TargetRanks:
        n_candidates = (self.items >= 0).sum(axis=1).astype(np.int64)
        return ranks.ranks_in(lists, self.targets, n_candidates)


@dataclass(frozen=True, eq=False)
class SlateFigures:
    """What lists reach.

    Attributes:
        ndcg: float64 [n_cases].
        diversity: float64 [n_cases].
        miscalibration: float64 [n_cases].
        coverage: Share of the catalogue that is in any list.
    """

    ndcg: Doubles
    diversity: Doubles
    miscalibration: Doubles
    coverage: float


def frontier(
    spec: PartSpec[Slate], cases: SlateCases, k: int, weights: Sequence[float] = WEIGHTS
) -> list[FrontierPoint]:
    """What each value of a slate's setting reaches.

    Args:
        spec: The slate.
        cases: Validation cases.
        k: Length of the lists.
        weights: The values, each from 0 to 1.

    Raises:
        BadRecipe: The slate has no setting that trades accuracy.
    """
    lists = cases.lists([weighed(spec, weight) for weight in weights], k)
    return [
        point(weight, cases.measured(rows)) for weight, rows in zip(weights, lists, strict=True)
    ]


def point(weight: float | None, found: SlateFigures) -> FrontierPoint:
    """The means over cases; NaN for what no case has."""
    means = [
        float(np.nanmean(each)) if np.isfinite(each).any() else float("nan")
        for each in (found.ndcg, found.diversity, found.miscalibration)
    ]
    return FrontierPoint(weight, means[0], means[1], means[2], found.coverage)


def within_loss(points: Sequence[FrontierPoint], loss: float) -> FrontierPoint:
    """The point of the highest weight of those that lose no more than a share `loss` of NDCG
    against weight 0: what a slate strives for grows with its weight, while NDCG on some thousand
    cases goes up and down by a per cent on its way.

    Args:
        points: By rising weight; the first has weight 0.
        loss: Share of NDCG, 0 to 1.

    >>> ndcg = ((0, 1.0), (0.1, 0.98), (0.2, 0.995), (0.3, 0.9))
    >>> points = [FrontierPoint(weight, value, 0, 0, 0) for weight, value in ndcg]
    >>> within_loss(points, 0.01).weight
    0.2
    """
    least = (1 - loss) * (points[0].ndcg or 0.0)
    return [points[0], *(one for one in points[1:] if (one.ndcg or 0.0) >= least)][-1]


def by_score(cases: SlateCases, k: int) -> SlateFigures:
    """What the best candidates reach, best first."""
    return cases.measured(cases.lists([GreedySlate()], k)[0])
