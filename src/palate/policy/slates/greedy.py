"""The best candidates, best first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from palate.arrays import Rows
from palate.policy.slates.relevance import length
from palate.tables.slate import SlateCandidates


@dataclass(frozen=True)
class GreedySlateSettings:
    """Nothing to set."""


@final
class GreedySlate:
    """The candidates with the highest scores; of tied ones the first.

    The control that every other list is held against.

    Args:
        settings: See `GreedySlateSettings`.
    """

    Settings = GreedySlateSettings

    def __init__(self, settings: GreedySlateSettings | None = None) -> None:
        self.settings = settings or GreedySlateSettings()

    def order(self, candidates: SlateCandidates, k: int) -> Rows:
        """int32 [min(k, n)], best first."""
        best = np.argsort(-candidates.scores, kind="stable")
        return best[: length(candidates, k)].astype(np.int32)
