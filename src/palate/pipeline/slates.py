"""How much accuracy a slate costs and what it brings: the frontier over its one setting, on given
cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from palate import ranks, registry
from palate.acting import TradesAccuracy
from palate.arrays import Doubles, Floats, Matrix, Ragged, Rows
from palate.errors import BadRecipe
from palate.evaluate.beyond_accuracy import (
    history_shares,
    intra_list_diversity,
    miscalibration,
)
from palate.evaluate.ranking import rank
from palate.policy.slates.greedy import GreedySlate
from palate.registry import PartSpec
from palate.runs.slate_rows import FrontierPoint
from palate.stages import Scorer, Slate
from palate.tables import Cases, SlateCandidates, TargetRanks

WEIGHTS = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8)
"""What is tried of a slate's setting."""


@dataclass(frozen=True, eq=False)
class SlateContent:
    """What is known of the items of a catalogue.

    Attributes:
        content: float32 [n_items, d], rows of length 1; zeros for an item without content; None:
            nothing says which items resemble each other.
        shares: float32 [n_items, g], of each value of a field; rows that add up to 1, or 0.
        values: Names of the g values.
    """

    content: Matrix | None
    shares: Floats
    values: tuple[str, ...]


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
        taste = history_shares(cases.histories.items, about.shares)
        return cls(lists.items, lists.scores, cases.targets, taste, about)

    def lists(self, part: Slate, k: int) -> Rows:
        """int32 [n_cases, k], the items that a slate lists; -1 where there are fewer."""
        found = np.full((len(self.items), k), -1, np.int32)
        for case, items in enumerate(self.items):
            own = items[items >= 0]
            order = part.order(self._candidates(case, own), k)
            found[case, : len(order)] = own[order]
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

    def _candidates(self, case: int, own: Rows) -> SlateCandidates:
        about, content, similarity = self.about, None, None
        if sparse.issparse(about.content):
            # a wide block: products of a few rows, which are never made dense
            some = about.content[own]
            similarity = (some @ some.T).toarray().astype(np.float32)
            np.fill_diagonal(similarity, 1)
        elif about.content is not None:
            content = about.content[own]
        return SlateCandidates(
            self.scores[case, : len(own)],
            content,
            similarity,
            shares=about.shares[own],
            values=about.values,
            taste=self.taste[case],
        )

    def _ranks(self, lists: Rows) -> TargetRanks:
        case = self.targets.row_of_value().astype(np.int32)
        at = lists[case] == self.targets.values[:, None]
        position = np.where(at.any(axis=1), np.argmax(at, axis=1) + 1.0, np.inf)
        n_candidates = (self.items >= 0).sum(axis=1).astype(np.int64)
        return TargetRanks(case, self.targets.values, position, n_candidates)


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


def weighed(spec: PartSpec[Slate], weight: float) -> Slate:
    """The slate, with `weight` for the setting that trades accuracy.

    Raises:
        BadRecipe: It has no such setting.
    """
    part = spec.build()
    if not isinstance(part, TradesAccuracy):
        raise BadRecipe(
            f"{spec.name} has no setting that trades accuracy",
            where="slate.part",
            allowed="slate.mmr.v1, slate.dpp.v1, slate.calibrated.v1 or a plugin's like them",
        )
    table = {**spec.resolved(), part.trade: weight}
    return registry.spec(table, "slate", "slate").build()


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
    return [
        point(weight, cases.measured(cases.lists(weighed(spec, weight), k))) for weight in weights
    ]


def point(weight: float | None, found: SlateFigures) -> FrontierPoint:
    """The means over cases; NaN for what no case has."""
    means = [
        float(np.nanmean(each)) if np.isfinite(each).any() else float("nan")
        for each in (found.ndcg, found.diversity, found.miscalibration)
    ]
    return FrontierPoint(weight, means[0], means[1], means[2], found.coverage)


def within_loss(points: Sequence[FrontierPoint], loss: float) -> FrontierPoint:
    """The point of the highest weight up to which no more than a share `loss` of NDCG is lost
    against weight 0: what a slate strives for grows with its weight.

    Args:
        points: By rising weight; the first has weight 0.
        loss: Share of NDCG, 0 to 1.

    >>> points = [FrontierPoint(w, n, 0, 0, 0) for w, n in ((0, 1.0), (0.1, 0.995), (0.2, 0.9))]
    >>> within_loss(points, 0.01).weight
    0.1
    """
    best = points[0]
    for point in points[1:]:
        if (point.ndcg or 0.0) < (1 - loss) * (points[0].ndcg or 0.0):
            break
        best = point
    return best


def by_score(cases: SlateCases, k: int) -> SlateFigures:
    """What the best candidates reach, best first."""
    return cases.measured(cases.lists(GreedySlate(), k))
