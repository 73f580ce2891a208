"""What a run leaves out so that it ends in time: ablations first, then test users."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from palate.budget import Budget
from palate.choose.fusing import BEFORE_RANKING
from palate.recipe.recipe import Recipe
from palate.tables import Split

AFTER_ENCODING = 0.7
"""Of the run's time, what is left in any case when everything is encoded: without a choice worth
its name the default would lose to something simple."""
BEFORE_REPORT = 0.93
"""Of the run's time, by when all models are ranked."""
PROBE = 64
"""Test users that are ranked first, to see how long one takes."""
FEWEST_USERS = 500
"""Test users who are examined in any case: with fewer, intervals would say nothing."""


@dataclass(frozen=True)
class Spared:
    """A recipe that fits into the time.

    Attributes:
        recipe: What is done.
        sentences: What is left out.
    """

    recipe: Recipe
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Costs:
    """Seconds that fitting is expected to take.

    Attributes:
        table: Of the combinations of the ablation table.
        ablations: Of fusions without each of their blocks.
        needed: Of what is never left out: fusions without features, and controls.
    """

    table: float
    ablations: float
    needed: float


def over_time(spent: float, recipe: Recipe) -> tuple[str, ...]:
    """What is said where encoding, with what stands around it, took more than its share.

    Args:
        spent: Seconds from the split to the choice.
        recipe: What is to be done.
    """
    seconds = recipe.budget.seconds or 0.0
    return (
        f"Features took {spent:.0f} of the {seconds:.0f} s of the budget, so the run may take"
        " longer than that; texts that were encoded are kept for the next one.",
    )


def without_ablations(recipe: Recipe, costs: Costs, budget: Budget) -> Spared:
    """The recipe without the ablation table, and at need without ablations, where there is no time.

    Args:
        recipe: What is to be done.
        costs: What it would cost.
        budget: How much time is left.
    """
    table, ablations, needed = costs.table, costs.ablations, costs.needed
    if budget.fits(needed + ablations + table, BEFORE_RANKING):
        return Spared(recipe)
    evaluate, sentences = recipe.evaluate, list[str]()
    if table:
        evaluate = replace(evaluate, ablation_table=False)
        sentences.append("The ablation table was left out for want of time.")
    if ablations and not budget.fits(needed + ablations, BEFORE_RANKING):
        evaluate = replace(evaluate, ablations=False)
        sentences.append(
            "Fusions without each of their blocks were left out for want of time, so nothing is"
            " said of single blocks."
        )
    return Spared(replace(recipe, evaluate=evaluate), tuple(sentences))


def with_fewer_users(
    recipe: Recipe, split: Split, rank: Callable[[Split], object], budget: Budget
) -> Spared:
    """The recipe with as many test users as there is time for, `FEWEST_USERS` at least.

    Args:
        recipe: What is to be done.
        split: With all test users.
        rank: Ranks all models for the test users of a split; some are ranked to see how long one
            takes.
        budget: How much time is left.
    """
    n_users = split.test.n_users()
    wanted = min(n_users, recipe.evaluate.users or n_users)
    if math.isinf(budget.seconds) or wanted <= FEWEST_USERS:
        return Spared(recipe)
    start = time.perf_counter()
    rank(replace(split, test=split.test.of_some_users(PROBE, recipe.seed)))
    each = (time.perf_counter() - start) / PROBE
    affordable = int((BEFORE_REPORT * budget.seconds - budget.spent) / max(each, 1e-9))
    users = max(affordable, FEWEST_USERS)
    if users >= wanted:
        return Spared(recipe)
    said = (
        f"Of {n_users:,} test users {users:,} were examined for want of time, drawn by seed; the"
        " intervals say what that leaves open."
    )
    return Spared(replace(recipe, evaluate=replace(recipe.evaluate, users=users)), (said,))
