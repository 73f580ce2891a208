"""How strong something that was not measured would have to be to explain an effect away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from palate.evaluate.causal.effects import Scores
from palate.inference import clustered

_OF_D = 0.91
"""A standardised difference of d is taken for a risk ratio of exp(.91 d)."""


@dataclass(frozen=True)
class EValue:
    """E-value of an effect.

    Attributes:
        ratio: Risk ratio of the level against level 0; NaN where a mean outcome is not positive.
        low: Lower end of its 95 % interval.
        high: Upper end.
        value: The risk ratio that something unmeasured would need with both treatment and outcome,
            at least, to explain the whole effect.
        bound: The same for the end of the interval that is nearer to no effect; 1 where the
            interval holds no effect.
    """

    ratio: float
    low: float
    high: float
    value: float
    bound: float


def e_value(ratio: float) -> float:
    """E-value of a risk ratio.

    VanderWeele & Ding, Sensitivity analysis in observational research: introducing the E-value,
    Annals of Internal Medicine 2017.

    >>> round(e_value(3.9), 2), e_value(1.0), round(e_value(1 / 3.9), 2)
    (7.26, 1.0, 7.26)
    """
    if not ratio > 0:
        return float("nan")
    above = max(ratio, 1 / ratio)
    return float(above + np.sqrt(above * (above - 1)))


def sensitivity(found: Scores, level: int) -> EValue:
    """E-value of the effect of a level.

    Of yes-or-no outcomes by the ratio of the two means (delta method on its logarithm, by user); of
    others by the standardised difference.
    """
    ratio, low, high = _ratio(found, level)
    if np.isnan(ratio):
        nan = float("nan")
        return EValue(nan, nan, nan, nan, nan)
    nearer = 1.0 if low <= 1 <= high else (low if low > 1 else high)
    return EValue(ratio, low, high, e_value(ratio), e_value(nearer))


def _ratio(found: Scores, level: int) -> tuple[float, float, float]:
    nan, user = float("nan"), found.observed.user
    if not found.observed.binary:
        spread = float(found.observed.outcome.std())
        effect = found.effect(level)
        if spread == 0:
            return nan, nan, nan
        value, low, high = (
            float(np.exp(_OF_D * d / spread)) for d in (effect.value, effect.low, effect.high)
        )
        return value, low, high
    one, none = found.values[:, level], found.values[:, 0]
    if one.mean() <= 0 or none.mean() <= 0:
        return nan, nan, nan
    log = float(np.log(one.mean() / none.mean()))
    error = clustered(one / one.mean() - none / none.mean(), user).error
    reach = float(special.stdtrit(max(len(np.unique(user)) - 1, 1), 0.975)) * error
    return float(np.exp(log)), float(np.exp(log - reach)), float(np.exp(log + reach))
