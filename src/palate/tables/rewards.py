"""What came of what was shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from palate.arrays import Doubles, Floats, Longs
from palate.errors import BadInput


@dataclass(frozen=True, eq=False)
class Rewards:
    """Candidates that were shown, and what each of them brought.

    Attributes:
        features: float32 [n, d], of a candidate in its round, as in `Offers.features`.
        reward: float64 [n], what it brought: 1 for a click and 0 for none, or an amount.
        weight: float64 [n], >= 0, how many rounds each counts as; None: 1.
        time: int64 [n], when it was shown, in any unit that goes on; None: all at 0.
    """

    features: Floats
    reward: Doubles
    weight: Doubles | None = None
    time: Longs | None = None

    def __post_init__(self) -> None:
        if self.features.ndim != 2:
            raise BadInput(
                f"features of shape {self.features.shape}",
                where="rewards.features",
                allowed="[n, d]",
            )
        for name, values in (
            ("reward", self.reward),
            ("weight", self.weight),
            ("time", self.time),
        ):
            if values is not None and values.shape != (len(self),):
                raise BadInput(
                    f"shape {values.shape}", where=f"rewards.{name}", allowed=f"({len(self)},)"
                )
        finite = np.isfinite(self.features).all() and np.isfinite(self.reward).all()
        if not finite or not (np.isfinite(self.weights) & (self.weights >= 0)).all():
            raise BadInput(
                "features, rewards or weights that are no finite numbers, or a weight below 0",
                where="rewards",
                allowed="finite numbers, weights from 0 on",
            )

    def __len__(self) -> int:
        return len(self.features)

    @property
    def weights(self) -> Doubles:
        """float64 [n], see `weight`."""
        return np.ones(len(self)) if self.weight is None else self.weight

    @property
    def times(self) -> Longs:
        """int64 [n], see `time`."""
        return np.zeros(len(self), np.int64) if self.time is None else self.time
