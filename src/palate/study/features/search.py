"""The search for operators that help: tried on one half of the validation users, confirmed on the
other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from scipy import stats

from palate.arrays import Doubles
from palate.model.operators.operator import Operator
from palate.study.features.tries import OWN, Tries

Step: TypeAlias = Literal["alone", "together", "confirmed"]
LIKELY: Final = 1.0
"""Standard errors of an operator's gain above which it is tried further."""
MOST: Final = 6
"""Operators that are confirmed at most."""
TWINS: Final = 5
"""Twins that an operator is held against where it is confirmed."""
LEVEL: Final = 0.05
"""Chance of keeping any operator where none says anything."""


@dataclass(frozen=True)
class Try:
    """One operator that was tried.

    Attributes:
        operator: Which.
        step: `alone` and `together` with those that were taken up before it, on one half of the
            users; `confirmed` on the other half.
        gain: NDCG that it adds over its twins.
        error: Standard error of that.
        p: Chance of such a gain where there is none, by the half that chose nothing, corrected for
            all operators that were confirmed; None before.
        kept: Whether it went on to the next step, or into the recipe.
        seconds: What the try took.
    """

    operator: Operator
    step: Step
    gain: float
    error: float
    p: float | None
    kept: bool
    seconds: float


def search(
    explore: Tries,
    confirm: Tries,
    menu: Sequence[Operator],
    time_left: Callable[[], float] = lambda: np.inf,
) -> tuple[tuple[Try, ...], tuple[Operator, ...]]:
    """Try the menu, put together what is likely to help, confirm it on people who had no say in it.

    Args:
        explore: Cases of one half of the users.
        confirm: Cases of the others.
        menu: Operators, those that are worth most first: what there is no time for is not tried.
        time_left: Seconds; half of them are kept for confirming.

    Returns:
        Every try in order; and the operators to keep, in the order in which they were taken up.

    Cost: two growings of trees for each operator of the menu, and 6 for each that is confirmed.
    """
    tries, likely = _alone(explore, menu, time_left)
    together, taken = _together(explore, likely)
    confirmed = _confirmed(confirm, taken, time_left)
    kept = tuple(one.operator for one in confirmed if one.kept)
    return (*tries, *together, *confirmed), kept


def _alone(
    explore: Tries, menu: Sequence[Operator], time_left: Callable[[], float]
) -> tuple[list[Try], list[Operator]]:
    found, total = [], time_left()
    for operator in menu:
        if time_left() < total / 2:
            break
        found.append(_tried(explore, [], operator, "alone"))
    likely = sorted((one for one in found if one.kept), key=lambda one: -one.gain / one.error)
    return found, [one.operator for one in likely]


def _together(explore: Tries, likely: Sequence[Operator]) -> tuple[list[Try], list[Operator]]:
    found: list[Try] = []
    taken: list[Operator] = []
    for operator in likely[: 2 * MOST]:
        if not taken:  # it was tried like this before
            taken.append(operator)
            continue
        found.append(_tried(explore, taken, operator, "together"))
        if found[-1].kept:
            taken.append(operator)
        if len(taken) == MOST:
            break
    return found, taken


def _confirmed(
    confirm: Tries, taken: Sequence[Operator], time_left: Callable[[], float]
) -> list[Try]:
    """Each after those that stood the test before it, corrected for how many there are
    (Bonferroni).
    """
    found, kept = [], list[Operator]()
    for operator in taken:
        if time_left() <= 0:
            break
        one = _tried(confirm, kept, operator, "confirmed", TWINS, level=LEVEL / len(taken))
        found.append(one)
        if one.kept:
            kept.append(operator)
    return found


def _tried(
    tries: Tries,
    taken: Sequence[Operator],
    operator: Operator,
    step: Step,
    twins: int = 1,
    level: float | None = None,
) -> Try:
    start = time.monotonic()
    own = [(one, OWN) for one in taken]
    with_it = tries.ndcg([*own, (operator, OWN)])
    of_twins = [tries.ndcg([*own, (operator, number)]) for number in range(twins)]
    gain, error = gained(with_it, of_twins)
    p, kept = None, gain > LIKELY * error
    if level is not None:
        p = min(float(stats.norm.sf(gain / error)) * LEVEL / level, 1.0)
        kept = p < LEVEL
    return Try(operator, step, gain, error, p, kept, time.monotonic() - start)


def gained(with_it: Doubles, of_twins: Sequence[Doubles]) -> tuple[float, float]:
    """Mean gain over twins, and its standard error: of the cases, and of growing trees at all.

    Trees are not the same twice where a column changes, be it noise: how far twins lie from each
    other says how much of a gain is that.
    """
    difference = with_it - np.mean(of_twins, axis=0)
    of_cases = difference.var(ddof=1) / len(difference)
    means = [float(one.mean()) for one in of_twins]
    of_trees = np.var(means, ddof=1) * (1 + 1 / len(means)) if len(means) > 1 else 0.0
    return float(difference.mean()), float(np.sqrt(of_cases + of_trees)) or 1e-12
