"""Which questions fit into a budget, from what one unit of each was measured to cost."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from palate.errors import Refused

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


@dataclass
class Deadline:
    """How much of a budget is left.

    Attributes:
        seconds: The budget.
        now: The clock.
    """

    seconds: float
    now: Callable[[], float] = time.monotonic
    start: float = field(init=False)

    def __post_init__(self) -> None:
        self.start = self.now()

    @property
    def spent(self) -> float:
        """Seconds since the start."""
        return self.now() - self.start

    @property
    def left(self) -> float:
        """Seconds until the end; negative behind it."""
        return self.seconds - self.spent

    @property
    def for_questions(self) -> float:
        """Seconds left for questions; the rest is for pictures and the report."""
        return self.left - min(RESERVED * self.seconds, MOST_RESERVED)

    def check(self, done: str) -> None:
        """Refuse to go on where no time is left for a question.

        Args:
            done: What the time went to, e.g. `"reading the run"`.

        Raises:
            Refused: No time is left.
        """
        if self.for_questions > 0:
            return
        needed = math.ceil(4 * self.spent)
        raise Refused(
            f"{done} took {self.spent:.0f} s, and the budget is {self.seconds:g} s",
            where="--budget",
            allowed=f"about {needed} s or more",
            next_step=f"give --budget {needed}, or ask about a smaller model by --model",
        )


@dataclass(frozen=True)
class Costs:
    """What the units of work cost, in seconds.

    Attributes:
        rebuild: Giving the model other content in one block.
        case: Scoring one case.
        refit: Fitting the model again without a block, its cases not yet scored.
    """

    rebuild: float
    case: float
    refit: float


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


def planned(seconds: float, costs: Costs, wanted: Wanted, budget: Deadline) -> Plan:
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
    smallest = _exchanges(costs, wanted.blocks, fewest, FEWEST_REPEATS)
    if smallest > seconds:
        needed = math.ceil(1.2 * (budget.spent + smallest) / (1 - RESERVED))
        raise Refused(
            f"the smallest study takes about {needed} s here, and the budget is"
            f" {budget.seconds:g} s",
            where="--budget",
            allowed=f"about {needed} s or more",
            next_step=f"give --budget {needed}, or ask about a smaller model by --model",
        )
    for cases in _sizes(wanted.cases, fewest):
        drop = 0.0 if wanted.known else wanted.blocks * (costs.refit + cases * costs.case)
        least = _exchanges(costs, wanted.blocks, cases, FEWEST_REPEATS)
        if drop + 2 * least <= seconds:
            return _filled(seconds - drop, costs, wanted, cases)
    drop = 0.0 if wanted.known else wanted.blocks * (costs.refit + fewest * costs.case)
    refits = not wanted.known and drop + smallest <= seconds
    rest = seconds - (drop if refits else 0.0)
    return Plan(fewest, FEWEST_REPEATS, refits, 2 * smallest <= rest, shares=False)


def _filled(seconds: float, costs: Costs, wanted: Wanted, cases: int) -> Plan:
    """Five draws where there is time, and shares with what is left then."""
    one = 2 * _exchanges(costs, wanted.blocks, cases, 1)
    repeats = max(min(int(seconds / max(one, 1e-9)), MOST_REPEATS), FEWEST_REPEATS)
    rest = seconds - repeats * one
    fits = max(2**wanted.blocks - wanted.blocks - 2, 0)
    shares = wanted.blocks <= MOST_SHARED and fits * (costs.refit + cases * costs.case) <= rest
    return Plan(cases, repeats, not wanted.known, conditional=True, shares=shares)


def _exchanges(costs: Costs, blocks: int, cases: int, repeats: int) -> float:
    return blocks * repeats * (costs.rebuild + cases * costs.case) + cases * costs.case


def _sizes(most: int, fewest: int) -> list[int]:
    """All cases, half of them, and so on down to the fewest."""
    sizes = [most]
    while sizes[-1] // 2 >= fewest:
        sizes.append(sizes[-1] // 2)
    return sizes if sizes[-1] == fewest else [*sizes, fewest]
