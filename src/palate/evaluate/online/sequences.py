"""Confidence sequences: intervals that hold at every look at once, so that who peeks, and stops
when it suits, is still right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Doubles
from palate.errors import BadInput


@dataclass(frozen=True)
class ConfidenceSequence:
    """Half widths of intervals around a mean at any number of users.

    Attributes:
        alpha: Chance that any interval of the sequence, ever, misses the truth.
        planned: Users at which it is as narrow as such a sequence can be; elsewhere it is a little
            wider.
    """

    alpha: float = 0.05
    planned: int = 10_000

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1 or self.planned < 1:
            raise BadInput(
                f"alpha {self.alpha:g}, planned {self.planned}",
                where="confidence sequence",
                allowed="alpha between 0 and 1, planned from 1 on",
            )

    @property
    def tightness(self) -> float:
        """rho^2, the variance of the mixing normal, in units of 1 / users."""
        a = -2 * math.log(self.alpha)
        return (a + math.log(a + 1)) / self.planned

    def half_width(self, variance: NDArray[Any] | float, n: NDArray[Any] | float) -> Doubles:
        """Half the width after `n` users.

        Args:
            variance: Of one user's value, estimated from them.
            n: Users so far, >= 1.

        Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, Time-uniform central limit theory and
        asymptotic confidence sequences, Annals of Statistics 2024; Robbins, Statistical methods
        related to the law of the iterated logarithm, 1970.
        """
        n, r = np.asarray(n, np.float64), self.tightness
        inside = 2 * (n * r + 1) / (n * n * r) * np.log(np.sqrt(n * r + 1) / self.alpha)
        return np.asarray(np.sqrt(np.asarray(variance) * inside))

    def p_value(
        self, mean: NDArray[Any] | float, variance: NDArray[Any] | float, n: NDArray[Any] | float
    ) -> Doubles:
        """The least alpha whose interval leaves 0 out: may be compared with alpha at every look."""
        n, r = np.asarray(n, np.float64), self.tightness
        spread = np.maximum(np.asarray(variance, np.float64), 1e-300)
        exponent = n * n * r * np.asarray(mean) ** 2 / (2 * spread * (n * r + 1))
        return np.asarray(np.minimum(1.0, np.sqrt(n * r + 1) * np.exp(-exponent)))


def bounded_sequence(values: Doubles, alpha: float = 0.05) -> tuple[Doubles, Doubles]:
    """float64 [n] and [n]: ends of an interval for the mean after each value, all of which hold at
    once; exact at any size, for values from 0 to 1.

    Wider than `ConfidenceSequence`, which is right from some hundred users on.

    Args:
        values: float64 [n], in the order in which they came.
        alpha: Chance that any of them misses.

    Raises:
        BadInput: A value outside 0 to 1.

    Waudby-Smith & Ramdas, Estimating means of bounded random variables by betting, JRSS B 2024
    (predictable plug-in empirical Bernstein).
    """
    if len(values) and not (values.min() >= 0 and values.max() <= 1):
        raise BadInput("values outside of 0 to 1", where="values", allowed="0 to 1")
    t = np.arange(1, len(values) + 1)
    mean = (0.5 + np.cumsum(values)) / (t + 1)
    before = np.concatenate([[0.5], mean[:-1]])
    spread = (0.25 + np.cumsum((values - mean) ** 2)) / (t + 1)
    spread = np.concatenate([[0.25], spread[:-1]])
    bet = np.minimum(np.sqrt(2 * math.log(2 / alpha) / (spread * t * np.log1p(t))), 0.5)
    cost = (-np.log1p(-bet) - bet) * (values - before) ** 2
    total = np.cumsum(bet)
    centre = np.cumsum(bet * values) / total
    half = (math.log(2 / alpha) + np.cumsum(cost)) / total
    # what held once holds on
    low = np.maximum.accumulate(np.maximum(centre - half, 0.0))
    high = np.minimum.accumulate(np.minimum(centre + half, 1.0))
    return low, high
