"""How good item vectors are for recommending: NDCG at 10 on the validation cases, by their
similarity alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from palate.arrays import Floats, Matrix, dense
from palate.gradient.validation import ndcg_of, some_cases
from palate.tables import Cases, Histories


@dataclass(frozen=True, eq=False)
class KernelObjective:
    """Score = sum over the history of e^(-age / fade) times the product with the event's vector.

    Attributes:
        cases: Validation cases.
        fade: Steps after which an event counts 1/e.
    """

    cases: Cases
    fade: float = 2.0

    @classmethod
    def of(cls, cases: Cases, most: int, seed: int) -> KernelObjective:
        """An objective over no more than `most` cases."""
        return cls(some_cases(cases, most, seed))

    def __call__(self, E: Matrix) -> float:
        """Mean NDCG at 10 for item vectors `E` [n_items, d], dense or CSR; NaN without cases."""

        def score(histories: Histories) -> Floats:
            weights = np.exp(-histories.ages() / self.fade)
            scores: Any = (histories.matrix(E.shape[0], weights) @ E) @ E.T
            return dense(scores)

        return ndcg_of(score, self.cases)
