"""What a policy chooses from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from palate.arrays import Floats, Mask
from palate.errors import BadInput


@dataclass(frozen=True, eq=False)
class Offers:
    """Candidates in each of n rounds, with what is known of them.

    Attributes:
        scores: float32 [n, m], of a model; comparable within a round.
        allowed: bool [n, m], which of them may be shown; None: all.
        features: float32 [n, m, d], of a candidate in its round: item, user and context together;
            None where a policy goes by scores alone.
    """

    scores: Floats
    allowed: Mask | None = None
    features: Floats | None = None

    def __post_init__(self) -> None:
        shape = self.scores.shape
        if len(shape) != 2:
            raise BadInput(f"scores of shape {shape}", where="offers.scores", allowed="[n, m]")
        if self.allowed is not None and self.allowed.shape != shape:
            raise BadInput(
                f"shape {self.allowed.shape}", where="offers.allowed", allowed=f"{shape}"
            )
        if self.features is not None and self.features.shape[:2] != shape:
            raise BadInput(
                f"shape {self.features.shape}",
                where="offers.features",
                allowed=f"{shape} and the number of features",
            )
        if not np.isfinite(self.scores[self.open]).all():
            raise BadInput(
                "a score that is no finite number",
                where="offers.scores",
                allowed="finite numbers for all candidates that are allowed",
            )

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def open(self) -> Mask:
        """bool [n, m], which candidates may be shown."""
        return np.ones(self.scores.shape, np.bool_) if self.allowed is None else self.allowed

    def without(self, closed: Mask) -> Offers:
        """The same without candidates [n, m] that were shown already, say."""
        return replace(self, allowed=self.open & ~closed)
