"""Which estimates of importance the time allows, and making them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from palate.explain.importance.cosine import cosine_to_behaviour
from palate.explain.importance.permutation import (
    Conditional,
    ConditionalSettings,
    Permutation,
    PermutationSettings,
)
from palate.explain.importance.refit import DropAndRefit
from palate.explain.importance.shapley import GroupShapley
from palate.explain.importance.study import Study, study
from palate.fit.refit import Answers
from palate.progress import Stopwatch
from palate.runs.importance_rows import LeftOut
from palate.stages import Explainer
from palate.tables import Cases, FeatureTable
from palate.tables.importance_problem import ImportanceEstimate, ImportanceProblem

MOST_SHARED = 6
"""Blocks among which the metric is shared out; each more doubles the number of fits."""
OVERDRAFT = 3
"""A budget may be overdrawn so many times by the one question that matters most: what would be
lost?"""


@dataclass(frozen=True)
class Terms:
    """On what terms verdicts are reached.

    Attributes:
        seed: Seed of whatever is random.
        q: Share of false discoveries allowed.
        force: Go on where the answers would be no evidence.
    """

    seed: int
    q: float
    force: bool


def estimate_within(
    seconds: float, answers: Answers, problem: ImportanceProblem, watch: Stopwatch, terms: Terms
) -> tuple[Study, tuple[LeftOut, ...]]:
    """Ask whatever the budget allows.

    Returns:
        The study, and the questions that were left out.

    Raises:
        Refused: See `explain.importance.study`.
    """
    with watch.stage("look at the model"):
        problem.gains(problem.blocks)
        explainers, left_out = affordable(seconds, answers, problem)
    steps = [_Counted(explainer, watch, answers, name) for name, explainer in explainers.items()]
    return study(problem, terms.seed, steps, terms.q, force=terms.force), left_out


def affordable(
    budget: float, answers: Answers, problem: ImportanceProblem
) -> tuple[dict[str, Explainer], tuple[LeftOut, ...]]:
    """Methods by price: drop and refit once a block, exchanges as often as there is time for,
    Shapley with the rest.
    """
    names = tuple(problem.blocks)
    n = len(names)
    exchange = _seconds(
        lambda: problem.gains({**problem.blocks, names[0]: problem.blocks[names[0]][::-1].copy()})
    )
    refit = _seconds(lambda: answers.learner(names[1:])({})) if n > 1 else 0.0
    left, out = budget, list[LeftOut]()
    found: dict[str, Explainer] = {}
    drop = n * refit
    if drop > OVERDRAFT * budget:
        out.append(_left_out("drop and refit", drop, budget))
    else:
        left -= drop
    repeats = int(np.clip(left / (2.2 * n * max(exchange, 1e-3)), 2, 5))
    found["does the model use it?"] = Permutation(PermutationSettings(repeats))
    found["does it carry what the others don't?"] = Conditional(ConditionalSettings(repeats))
    left -= 2.2 * n * repeats * exchange
    if drop <= OVERDRAFT * budget:
        found["what would be lost without it?"] = DropAndRefit()
    shares = max(2**n - n - 2, 0) * refit if n <= MOST_SHARED else float("inf")
    if shares <= max(left, 0.1 * budget):
        found["what is its fair share?"] = GroupShapley()
    else:
        out.append(_left_out("shapley", shares, budget))
    if all(unit.columns is None for unit in answers.units.values()):
        found["is it near to behaviour?"] = Cosine(answers.features, answers.cases)
    return found, tuple(out)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _left_out(method: str, seconds: float, budget: float) -> LeftOut:
    if np.isinf(seconds):
        return LeftOut(method, f"more than {MOST_SHARED} blocks would take too many fits")
    return LeftOut(method, f"it would take {seconds:.0f} s more, and the budget is {budget:.0f} s")


@dataclass(frozen=True, eq=False)
class Cosine:
    """The cosine of content to behaviour, beside the questions that need a model.

    Attributes:
        features: The blocks.
        cases: The test cases.
    """

    features: FeatureTable
    cases: Cases

    def estimate(self, problem: ImportanceProblem, seed: int) -> tuple[ImportanceEstimate, ...]:
        """One row a block."""
        return cosine_to_behaviour(self.features, self.cases, seed, tuple(problem.blocks))


@dataclass(frozen=True, eq=False)
class _Counted:
    """An explainer whose answers are counted on a progress bar."""

    explainer: Explainer
    watch: Stopwatch
    answers: Answers
    name: str

    def estimate(self, problem: ImportanceProblem, seed: int) -> tuple[ImportanceEstimate, ...]:
        """One row a block."""
        with self.watch.stage(self.name) as advance:
            done = 0

            def one_more() -> None:
                nonlocal done
                done += 1
                advance(done, None)

            self.answers.on_answer = one_more
            return self.explainer.estimate(problem, seed)
