"""Signs that what was logged is not the probability of what was served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from palate.arrays import Doubles, Mask, Rows
from palate.inference import cluster_codes

_FALSE_ALARM: Final = 1e-4
"""Chance that a right log raises the alarm of an action shown too often."""
_ROUNDED: Final = 4
"""Propensities that all end so many digits behind the point or earlier may have been rounded."""
_FEW: Final = 2
"""So few different propensities are a rule, such as epsilon-greedy, and no rounding."""
_SPOILT: Final = 0.02
"""Relative error of a propensity by rounding from which on it matters."""


def false_propensities(propensity: Doubles, action: Rows, user: Rows) -> list[str]:
    """What is wrong with the propensities of a log, in words; empty where nothing shows.

    Args:
        propensity: float64 [n], as logged.
        action: int32 [n], what was shown.
        user: int32 [n], whose round it was.
    """
    found = list[str]()
    often = shown_too_often(propensity, action, user)
    if len(often):
        found.append(
            f"{len(often)} of {len(np.unique(action))} items were shown more often than their"
            " propensities say: something was filtered or replaced after the draw"
        )
    spoilt = rounded_to(propensity, action)
    if spoilt is not None:
        found.append(
            f"propensities look rounded to {spoilt.digits} digits behind the point, so that weights"
            f" may be off by {spoilt.most:.0%}"
        )
    return found


def shown_too_often(propensity: Doubles, action: Rows, user: Rows) -> Rows:
    """int32, actions that were clearly shown more often than their propensities say.

    Over rounds in which an action may be shown the mean of [shown] / propensity is 1, and over all
    rounds at most that, whatever the policy. Users are the independent units; Bonferroni over the
    actions.
    """
    n, n_actions = len(action), int(action.max(initial=-1)) + 1
    code = cluster_codes(user)
    of_user = np.bincount(code)
    pair, place = np.unique(code * n_actions + action, return_inverse=True)
    sums = np.bincount(place, 1 / propensity)
    owner, what = pair // n_actions, pair % n_actions
    mean = np.bincount(what, sums, n_actions) / n
    # the sum over users of (their sum - their rounds * mean)^2; most users never had the action
    squares = np.bincount(what, sums**2, n_actions)
    mixed = np.bincount(what, sums * of_user[owner], n_actions)
    spread = squares - 2 * mean * mixed + mean**2 * float((of_user**2).sum())
    error = np.sqrt(np.maximum(spread, 0)) / n
    most = -float(special.ndtri(_FALSE_ALARM / max(n_actions, 1)))
    return np.flatnonzero(mean - 1 > np.maximum(most * error, 1e-9)).astype(np.int32)


@dataclass(frozen=True)
class Rounding:
    """How probabilities seem rounded.

    Attributes:
        digits: Behind the point.
        most: Relative error of the smallest one by it.
    """

    digits: int
    most: float


def rounded_to(propensity: Doubles, action: Rows) -> Rounding | None:
    """How probabilities seem rounded, if that spoils weights.

    Round ones are taken for exact where they are a rule: two different ones, as of epsilon-greedy,
    or one for each action, as of fixed shares.

    >>> once = np.zeros(6, np.int32)
    >>> rounded_to(np.array([0.13, 0.07, 0.31, 0.02, 0.11, 0.36]), once)
    Rounding(digits=2, most=0.25)
    >>> rounded_to(np.array([0.9, 0.05, 0.05]), np.arange(3, dtype=np.int32)) is None
    True
    """
    distinct = np.unique(propensity)
    if len(distinct) <= _FEW or _one_each(propensity, action):
        return None
    for digits in range(1, _ROUNDED + 1):
        if _ends_at(distinct, digits).all():
            most = float(0.5 * 10.0**-digits / distinct[0])
            return Rounding(digits, most) if most > _SPOILT else None
    return None


def _one_each(propensity: Doubles, action: Rows) -> bool:
    order = np.argsort(action, kind="stable")
    same = np.diff(action[order]) == 0
    return bool((np.diff(propensity[order])[same] == 0).all())


def _ends_at(values: Doubles, digits: int) -> Mask:
    return np.asarray(np.abs(values * 10**digits - np.round(values * 10**digits)) < 1e-9)
