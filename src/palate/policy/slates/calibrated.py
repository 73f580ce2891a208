"""Lists whose share of each value of a field is that of the history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, final

import numpy as np
from annotated_types import Ge, Le

from palate.acting import TradesAccuracy
from palate.arrays import Doubles, Rows
from palate.errors import BadInput
from palate.policy.slates.relevance import length, relevance
from palate.tables.divergence import smoothed_divergence
from palate.tables.slate import SlateCandidates

_ALONE: Final = 1 - 1e-9
"""Calibration alone still lets the score settle ties."""


@dataclass(frozen=True)
class CalibratedSettings:
    """What counts how much."""

    calibration: Annotated[float, Ge(0), Le(1)] = 0.5
    """0: by score alone; 1: by the shares alone."""


@final
class Calibrated(TradesAccuracy):
    """One candidate after the other, each the best in (1 - calibration) * the sum of relevance
    - calibration * the divergence of the list's shares from those of the history.

    Someone who took 7 dramas and 3 comedies gets both in that proportion, where the best items
    alone would often all be dramas. It makes a list as varied as the history is, not more:
    `slate.mmr.v1` and `slate.dpp.v1` do that. Relevance is the score on a line from 1 to 0. Without
    a history, or without any value in it, the score alone decides.

    Args:
        settings: See `CalibratedSettings`.

    Cost: n g for each of the k steps.

    Steck, Calibrated recommendations, RecSys 2018.

    >>> shares = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    >>> three = SlateCandidates(
    ...     np.array([9, 8, 1], np.float32), shares=shares, values=("drama", "comedy"),
    ...     taste=np.array([0.5, 0.5]),
    ... )
    >>> Calibrated(CalibratedSettings(0.9)).order(three, 2).tolist()
    [0, 2]
    """

    Settings = CalibratedSettings
    trade: ClassVar[str] = "calibration"

    def __init__(self, settings: CalibratedSettings | None = None) -> None:
        self.settings = settings or CalibratedSettings()

    def order(self, candidates: SlateCandidates, k: int) -> Rows:
        """int32 [min(k, n)], in the order in which they are taken; of tied ones the first comes
        first.

        Raises:
            BadInput: No field is known, or nothing is known of the history.
        """
        shares, taste = _of_history(
            candidates.field_shares().astype(np.float64), _taste(candidates)
        )
        weight = min(self.settings.calibration, _ALONE) if taste.any() else 0.0
        of_score = (1 - weight) * relevance(candidates)
        taken, left, order = np.zeros(len(taste)), np.ones(len(candidates), np.bool_), list[int]()
        for _ in range(length(candidates, k)):
            # the sum over the list so far is the same for all candidates
            gain = of_score - weight * smoothed_divergence(taste, taken + shares)
            best = int(np.argmax(np.where(left, gain, -np.inf)))
            order.append(best)
            left[best] = False
            taken = taken + shares[best]
        return np.array(order, np.int32)


def _taste(candidates: SlateCandidates) -> Doubles:
    if candidates.taste is None:
        raise BadInput(
            "nothing is known of the history",
            where="slate.taste",
            allowed="the share of each value of the field",
        )
    return candidates.taste


def _of_history(shares: Doubles, taste: Doubles) -> tuple[Doubles, Doubles]:
    """The values of the history, and all others as one more: of many hundred values a history has
    few.
    """
    own = taste > 0
    others = shares[:, ~own].sum(axis=1, keepdims=True)
    return np.concatenate([shares[:, own], others], axis=1), np.append(taste[own], 0.0)
