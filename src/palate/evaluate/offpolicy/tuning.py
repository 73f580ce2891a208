"""How far weights may go: chosen from the log itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from palate.errors import BadInput
from palate.evaluate.offpolicy.estimators import ValueEstimator
from palate.evaluate.offpolicy.logged import WeightedRounds
from palate.evaluate.offpolicy.value_intervals import value_of
from palate.tables.estimate import Estimate

_QUANTILES = (1.0, 0.999, 0.99, 0.95, 0.9, 0.75, 0.5)
"""Where candidates stand among the weights."""


@dataclass(frozen=True)
class Tuned:
    """A choice of one estimator of a family.

    Attributes:
        setting: The chosen setting, such as the largest weight that is trusted.
        estimate: Its estimate.
    """

    setting: float
    estimate: Estimate


def slope(
    rounds: WeightedRounds,
    family: Callable[[float], ValueEstimator],
    settings: Sequence[float],
) -> Tuned:
    """Go from the least biased setting to the one of least variance as long as each interval meets
    all before it (SLOPE): where one does not, its bias shows.

    Args:
        rounds: The log, weighted.
        family: Gives the estimator of a setting.
        settings: From the least biased on, of falling variance; at least one.

    Su, Srinath & Krishnamurthy, Adaptive estimator selection for off-policy evaluation, ICML 2020;
    Tucker & Lee, Improved estimator selection for off-policy evaluation, 2021 (the factor).
    """
    if not settings:
        raise BadInput("no settings", where="settings", allowed="at least one")
    kept: list[tuple[float, Estimate]] = []
    for setting in settings:
        found = value_of(rounds, family(setting))
        if any(not _meet(found, before) for _, before in kept):
            break
        kept.append((setting, found))
    return Tuned(*kept[-1])


def largest_weights(rounds: WeightedRounds) -> list[float]:
    """Bounds on weights to choose from, from the largest weight down to their median: the model
    alone is no choice, since its error is not known.
    """
    found = np.quantile(rounds.weight, _QUANTILES)
    return list(dict.fromkeys(float(bound) for bound in found))


_FACTOR = np.sqrt(6) - 1


def _meet(found: Estimate, before: Estimate) -> bool:
    half, earlier = ((one.high - one.low) / 2 for one in (found, before))
    return bool(abs(found.value - before.value) <= half + _FACTOR * earlier)
