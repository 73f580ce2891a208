"""What the features are worth on live traffic, beside what they were worth in the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

import numpy as np

from palate.budget import Budget
from palate.evaluate.comparisons import holm, holm_levels
from palate.explain.importance.permutation import Permutation
from palate.inference import at_level, clustered, estimate
from palate.runs.open import InMemory, OpenedRun
from palate.serve.feedback.live_cases import LiveCases
from palate.study.importance.memory import room_for
from palate.study.importance.prepared import Limits, prepared
from palate.study.recorded import FREE
from palate.tables import SealedCases
from palate.tables.estimate import Estimate
from palate.tables.importance_problem import ImportanceEstimate, ImportanceProblem

FEWEST_USERS: Final = 50
"""With fewer live users nothing is said about a block."""

Change: TypeAlias = Literal["gained", "lost", "no change found"]


@dataclass(frozen=True)
class Interval:
    """A figure with its interval over users, corrected for the family of blocks."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class BlockChange:
    """One block, then and now.

    Attributes:
        block: Its name.
        run: What the metric loses when the block's rows change hands, on the run's test cases.
        live: The same on live cases.
        difference: Live minus run.
        p: Two-sided, of the difference, corrected for the other blocks.
        change: What may be said.
    """

    block: str
    run: Interval
    live: Interval
    difference: Interval
    p: float
    change: Change


@dataclass(frozen=True)
class ImportanceChange:
    """All blocks, then and now.

    Attributes:
        model: The model, as the run left it.
        metric: By which metric.
        run_users: Users of the run's test cases.
        live_users: Users of the live cases.
        run_cases: Test cases.
        live_cases: Live cases.
        run_level: The metric itself on the run's test cases.
        live_level: The metric itself on live cases.
        blocks: One a block; empty where nothing can be said.
        why_not: Why nothing is said; empty where something is.
    """

    model: str
    metric: str
    run_users: int
    live_users: int
    run_cases: int
    live_cases: int
    run_level: Interval | None = None
    live_level: Interval | None = None
    blocks: tuple[BlockChange, ...] = ()
    why_not: str = ""


def importance_change(
    opened: OpenedRun, model: str, metric: str, live: LiveCases, most: int
) -> ImportanceChange:
    """Exchange the rows of each block, on the run's test cases and on live ones.

    Both sides ask the model as the run left it, by the same draws; the difference of two
    independent estimates has the interval of Welch. A block of which the run had much and live
    traffic has little does no longer help with what people do now.

    Args:
        opened: The run.
        model: Its model, which reads a block.
        metric: Of the targets, such as ndcg@10.
        live: Cases of the live log.
        most: Most cases of each side.

    Cost: ten predictions a block, and two.
    """
    test = opened.split.test
    found = ImportanceChange(
        model, metric, test.n_users(), live.users, min(len(test), most), len(live.cases)
    )
    why_not = _too_few(found)
    if not opened.recipe.graph.all_blocks(model):
        why_not = f'the model "{model}" reads no block of features'
    if why_not:
        return replace(found, why_not=why_not)
    then = _problem(opened, model, metric, most)
    now = _problem(_over(opened, live), model, metric, most)
    seed = opened.recipe.seed
    pairs = zip(Permutation().estimate(then, seed), Permutation().estimate(now, seed), strict=True)
    return replace(
        found,
        run_level=_level(then),
        live_level=_level(now),
        blocks=_changes(list(pairs)),
    )


def _too_few(found: ImportanceChange) -> str:
    for users, where in ((found.run_users, "the run's test"), (found.live_users, "live traffic")):
        if users < FEWEST_USERS:
            return (
                f"{users} users in {where}, and {FEWEST_USERS} are the fewest that something can be"
                " said about; nothing is"
            )
    return ""


def _over(opened: OpenedRun, live: LiveCases) -> OpenedRun:
    """The run, with live cases in place of its test cases."""
    split = replace(opened.split, test=SealedCases(live.cases))
    return replace(opened, known=InMemory(opened.data, split))


def _problem(opened: OpenedRun, model: str, metric: str, most: int) -> ImportanceProblem:
    names = opened.recipe.graph.all_blocks(model)
    limits = Limits("blocks", most, metric, room_for(opened, model, names, gib=2.0))
    problems, _ = prepared(opened, model, limits).problems((), FREE, Budget(1e9))
    return problems.exchanged


def _level(problem: ImportanceProblem) -> Interval:
    """The metric, with nothing exchanged."""
    return _interval(clustered(problem.gains(problem.blocks), problem.question.cluster))


def _changes(
    pairs: Sequence[tuple[ImportanceEstimate, ImportanceEstimate]],
) -> tuple[BlockChange, ...]:
    differences = [_difference(then.found, now.found) for then, now in pairs]
    p = [one.p for one in differences]
    levels, corrected = holm_levels(p).tolist(), holm(p).tolist()
    return tuple(
        BlockChange(
            then.block,
            _interval(at_level(then.found, level)),
            _interval(at_level(now.found, level)),
            _interval(at_level(difference, level)),
            sure,
            _said(difference.value, sure),
        )
        for (then, now), difference, level, sure in zip(
            pairs, differences, levels, corrected, strict=True
        )
    )


def _difference(then: Estimate, now: Estimate) -> Estimate:
    """Welch's: the two samples are of other users, and where some are the same it is wider than it
    need be.
    """
    users = int(np.floor(_degrees(then, now))) + 1
    return estimate(now.value - then.value, then.error**2 + now.error**2, users)


def _degrees(then: Estimate, now: Estimate) -> float:
    a, b = then.error**2, now.error**2
    if not a + b > 0:
        return float(min(then.n_users, now.n_users) - 1)
    return float((a + b) ** 2 / (a**2 / (then.n_users - 1) + b**2 / (now.n_users - 1)))


def _said(difference: float, p: float) -> Change:
    if not p < 0.05:
        return "no change found"
    return "gained" if difference > 0 else "lost"


def _interval(found: Estimate) -> Interval:
    return Interval(found.value, found.low, found.high)
