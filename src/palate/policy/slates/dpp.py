"""Lists that are likely under a determinantal point process: good candidates that span much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, final

import numpy as np
from annotated_types import Ge, Le

from palate.acting import TradesAccuracy
from palate.arrays import Rows
from palate.policy.slates.relevance import length, relevance
from palate.tables.slate import SlateCandidates

_LEAST: Final = 1e-6
"""Least that a candidate is taken to add to what the list spans: below it lies rounding."""


@dataclass(frozen=True)
class DppSettings:
    """What counts how much."""

    diversity: Annotated[float, Ge(0), Le(1)] = 0.3
    """0: by score alone; 1: by what the list spans alone, after the first one."""


@final
class Dpp(TradesAccuracy):
    """Greedy search for the list that a determinantal point process finds likeliest: each candidate
    is the best in (1 - diversity) * relevance + diversity * log(what it adds to the list).

    What it adds is the square of the part of its row that no combination of rows before it gives,
    so that a candidate between two of the list counts as known, though it is near to neither.
    Relevance is the score on a line from 1 to 0. Where the rows of the list span a candidate wholly
    (a block of few columns) the score alone decides. Of items that were shown before only the
    nearest one counts.

    Args:
        settings: See `DppSettings`.

    Cost: k columns of similarity, n d each, and n k^2 for the factors of Cholesky, of which each
        step adds a row.

    Chen, Zhang, Zhou, Fast greedy MAP inference for determinantal point process to improve
    recommendation diversity, NeurIPS 2018.

    >>> alike = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], np.float32)
    >>> three = SlateCandidates(np.array([9, 8, 1], np.float32), similarity=alike)
    >>> Dpp(DppSettings(0.6)).order(three, 3).tolist()
    [0, 2, 1]
    """

    Settings = DppSettings
    trade: ClassVar[str] = "diversity"

    def __init__(self, settings: DppSettings | None = None) -> None:
        self.settings = settings or DppSettings()

    def order(self, candidates: SlateCandidates, k: int) -> Rows:
        """int32 [min(k, n)], in the order in which they are shown; of tied ones the first comes
        first.
        """
        n, m, weight = len(candidates), length(candidates, k), self.settings.diversity
        of_score = (1 - weight) * relevance(candidates)
        # the square of what each row has that the list lacks: exact for one item shown before, and
        # not less than the truth for several
        added = np.ones(n)
        if candidates.before is not None:
            added -= candidates.before.astype(np.float64) ** 2
        factors = np.zeros((m, n))
        left, order = np.ones(n, np.bool_), list[int]()
        for step in range(m):
            gain = of_score + weight * np.log(np.maximum(added, _LEAST))
            best = int(np.argmax(np.where(left, gain, -np.inf)))
            order.append(best)
            left[best] = False
            if added[best] > _LEAST:  # one that the list spans already changes nothing
                known = factors[:step, best] @ factors[:step]
                row = (candidates.similar_to(best) - known) / np.sqrt(added[best])
                factors[step] = row
                added -= row**2
        return np.array(order, np.int32)
