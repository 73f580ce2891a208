"""Which questions fit into a budget, from what one unit of each was measured to cost."""

from __future__ import annotations

import math
from dataclasses import dataclass

from palate.budget import Budget
from palate.errors import Refused
from palate.study.recorded import Costs

MOST_REPEATS = 5
"""Draws of an exchange, where there is time."""
FEWEST_REPEATS = 2
"""With fewer the interval could not leave out the noise of the draws."""
FEWEST_CASES = 200
"""A sample is not made smaller than this to save time."""
RESERVED = 0.2
"""Share of the budget that is kept for pictures and the report."""
MOST_RESERVED = 20.0
"""The same in seconds, at most."""
MOST_SHARED = 6
"""Blocks among which the metric is shared out; each more doubles the number of fits."""


def for_questions(budget: Budget) -> float:
    """Seconds left for questions; the rest is for pictures and the report."""
    return budget.left - min(RESERVED * budget.seconds, MOST_RESERVED)


def check(budget: Budget, done: str, ahead: float = 0.0) -> None:
    """Refuse to go on where what is ahead does not fit.

    Args:
        budget: The time.
        done: What it went to so far, e.g. `"reading the run"`.
        ahead: Seconds that the least of the questions is expected to take.

    Raises:
        Refused: It does not fit.
    """
    if for_questions(budget) > ahead:
        return
    needed = math.ceil(4 * budget.spent + 1.5 * ahead)
    forecast = f", the least that can be examined about {ahead:.0f} s more" if ahead else ""
    raise Refused(
        f"{done} took {budget.spent:.0f} s{forecast}, and the budget is {budget.seconds:g} s",
        where="--budget",
        allowed=f"about {needed} s or more",
        next_step=f"give --budget {needed}, or ask about a smaller model by --model",
    )


@dataclass(frozen=True)
class Plan:
    """What will be asked.

    Attributes:
        cases: Of so many cases.
        repeats: With so many draws of each exchange.
        refits: Whether the model is fitted again without each block.
        conditional: Whether what the others do not predict is exchanged too.
        shares: Whether the metric is shared out among the blocks.
    """

    cases: int
    repeats: int
    refits: bool
    conditional: bool
    shares: bool


@dataclass(frozen=True)
class Wanted:
    """What is to be planned for.

    Attributes:
        blocks: How many blocks.
        cases: How many cases there are.
        known: Whether the run itself has already said whether the model is worse without them.
    """

    blocks: int
    cases: int
    known: bool


def planned(seconds: float, costs: Costs, wanted: Wanted, budget: Budget) -> Plan:
    """The most that fits: first the model without each block, then exchanges, then shares.

    Args:
        seconds: What is left for questions.
        costs: Measured on a few cases.
        wanted: Blocks and cases.
        budget: For what is said where nothing fits.

    Raises:
        Refused: Not even the smallest plan fits: two exchanges of each block, on few cases.
    """
    fewest = min(FEWEST_CASES, wanted.cases)
    least = smallest(costs, wanted.blocks, wanted.cases)
    if least > seconds:
        needed = math.ceil(1.2 * (budget.spent + least) / (1 - RESERVED))
        raise Refused(
            f"the smallest study takes about {needed} s here, and the budget is"
            f" {budget.seconds:g} s",
            where="--budget",
            allowed=f"about {needed} s or more",
            next_step=f"give --budget {needed}, or ask about a smaller model by --model",
        )
    for cases in _sizes(wanted.cases, fewest):
        drop = 0.0 if wanted.known else wanted.blocks * (costs.refit + cases * costs.case)
        exchanges = _exchanges(costs, wanted.blocks, cases, FEWEST_REPEATS)
        if drop + 2 * exchanges <= seconds:
            return _filled(seconds - drop, costs, wanted, cases)
    drop = 0.0 if wanted.known else wanted.blocks * (costs.refit + fewest * costs.case)
    refits = not wanted.known and drop + least <= seconds
    rest = seconds - (drop if refits else 0.0)
    return Plan(fewest, FEWEST_REPEATS, refits, 2 * least <= rest, shares=False)


def _filled(seconds: float, costs: Costs, wanted: Wanted, cases: int) -> Plan:
    """Five draws where there is time, and shares with what is left then."""
    one = 2 * _exchanges(costs, wanted.blocks, cases, 1)
    repeats = max(min(int(seconds / max(one, 1e-9)), MOST_REPEATS), FEWEST_REPEATS)
    rest = seconds - repeats * one
    fits = max(2**wanted.blocks - wanted.blocks - 2, 0)
    shares = wanted.blocks <= MOST_SHARED and fits * (costs.refit + cases * costs.case) <= rest
    return Plan(cases, repeats, not wanted.known, conditional=True, shares=shares)


def smallest(costs: Costs, blocks: int, cases: int) -> float:
    """Seconds of two exchanges of each block, on few cases."""
    return _exchanges(costs, blocks, min(FEWEST_CASES, cases), FEWEST_REPEATS)


def _exchanges(costs: Costs, blocks: int, cases: int, repeats: int) -> float:
    return blocks * repeats * (costs.rebuild + cases * costs.case) + cases * costs.case


def _sizes(most: int, fewest: int) -> list[int]:
    """All cases, half of them, and so on down to the fewest."""
    sizes = [most]
    while sizes[-1] // 2 >= fewest:
        sizes.append(sizes[-1] // 2)
    return sizes if sizes[-1] == fewest else [*sizes, fewest]
