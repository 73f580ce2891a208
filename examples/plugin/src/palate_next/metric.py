"""How near to the top the first right answer stands, by halves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Gt, Lt

from palate.plugin import Doubles, TargetRanks


class First:
    """first = decay^(p - 1) for the best position p of a target: 1 at the top, `decay` in the
    second place.

    Stricter than `mrr`, which falls as 1 / p and so gives much to far places.

    Edges: no target: NaN. Unreachable targets alone: 0. Ties share the mean of their positions.
    """

    @dataclass(frozen=True)
    class Settings:
        """How fast it falls."""

        decay: Annotated[float, Gt(0), Lt(1)] = 0.5
        """What one place further down leaves."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or self.Settings()

    @property
    def label(self) -> str:
        """`first`."""
        return "first"

    def per_case(self, ranks: TargetRanks) -> Doubles:
        """float64 [n_cases], from 0 to 1; NaN for a case without targets."""
        best = np.full(ranks.n_cases, np.inf)
        np.minimum.at(best, ranks.case, ranks.position)
        found = np.power(self.settings.decay, best - 1)  # infinitely far down is 0
        return np.where(ranks.n_targets() > 0, found, np.nan)
