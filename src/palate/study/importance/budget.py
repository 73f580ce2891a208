"""Asking as many questions as the time allows: nothing begins that is expected to end too late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from numpy.typing import NDArray

from palate.budget import Budget
from palate.explain.importance.cosine import cosine_to_behaviour
from palate.explain.importance.permutation import (
    Conditional,
    ConditionalSettings,
    Permutation,
    PermutationSettings,
)
from palate.explain.importance.refit import DropAndRefit, needs_learner
from palate.explain.importance.shapley import GroupShapley
from palate.explain.importance.study import Study, study
from palate.explain.importance.verdict import Settled
from palate.progress import Stopwatch
from palate.runs.importance_rows import LeftOut
from palate.stages import Explainer
from palate.study.block_answers import corrected
from palate.study.importance.plan import MOST_SHARED, Plan, for_questions
from palate.study.recorded import FREE, Costs
from palate.tables import Cases, FeatureTable
from palate.tables.block_question import (
    CARRIES,
    CONDITIONAL,
    DROPPED,
    NEAR,
    NEARNESS,
    PERMUTED,
    REMAINS,
    SHARE,
    SHARED_OUT,
    USES,
)
from palate.tables.importance_problem import (
    Blocks,
    ImportanceEstimate,
    ImportanceProblem,
    Predictor,
)


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


@dataclass(frozen=True, eq=False)
class Problems:
    """The model as two importance problems.

    Attributes:
        exchanged: Its blocks, whose values can change hands.
        refitted: The same cases; it can be fitted again without blocks, which are as the run has
            them.
        known: What the run itself says of blocks.
        nearness: Explainer of the cosine to behaviour; None where parts of blocks are examined.
    """

    exchanged: ImportanceProblem
    refitted: ImportanceProblem
    known: tuple[Settled, ...]
    nearness: Explainer | None


@dataclass(eq=False)
class Asking:
    """The questions of a plan, one after the other.

    Attributes:
        plan: What is to be asked.
        budget: The time there is.
        watch: Shows and times each question.
        costs: What the units are expected to take.
        left_out: What was not asked, and why.
    """

    plan: Plan
    budget: Budget
    watch: Stopwatch
    costs: Costs = FREE
    left_out: list[LeftOut] = field(default_factory=list)

    def study(self, problems: Problems, terms: Terms) -> Study:
        """Ask, and judge.

        Raises:
            Refused: See `explain.importance.study`.
        """
        return study(
            problems.exchanged,
            terms.seed,
            tuple(self._explainers(problems)),
            terms.q,
            force=terms.force,
            settled=lambda: self._refitted_answers(problems, terms.seed),
        )

    def fits(self, expected: float) -> bool:
        """Whether so many seconds are left for questions."""
        left = for_questions(self.budget)
        return left > 0 and expected <= left

    @property
    def exchange(self) -> float:
        """Expected seconds of the exchanges of one block."""
        costs, plan = self.costs, self.plan
        return plan.repeats * (costs.rebuild + plan.cases * costs.case)

    @property
    def refit(self) -> float:
        """Expected seconds of a model that is fitted again."""
        return self.costs.refit + self.plan.cases * self.costs.case

    def skip(self, method: str, why: str) -> None:
        """Say that a question, or a block of it, was not asked."""
        self.left_out.append(LeftOut(method, why))

    def _refitted_answers(self, problems: Problems, seed: int) -> tuple[Settled, ...]:
        """What the run says; of blocks that it says nothing of, the model fitted again."""
        there = {one.estimate.block for one in problems.known}
        names = tuple(name for name in problems.refitted.names if name not in there)
        if names and not self.plan.refits:
            self.skip(DROPPED, self._too_long)
        elif names:
            step = _BlockByBlock(self, DropAndRefit(), DROPPED, REMAINS, self.refit)
            answers = step.estimate(replace(problems.refitted, wanted=names), seed)
            return (*problems.known, *corrected(answers))
        return problems.known

    def _explainers(self, problems: Problems) -> Iterator[Explainer]:
        plan, n = self.plan, len(problems.refitted.names)
        plain = Permutation(PermutationSettings(plan.repeats))
        yield _BlockByBlock(self, plain, PERMUTED, USES, self.exchange)
        if plan.conditional:
            own = Conditional(ConditionalSettings(plan.repeats))
            yield _BlockByBlock(self, own, CONDITIONAL, CARRIES, self.exchange)
        else:
            self.skip(CONDITIONAL, self._too_long)
        if plan.shares:
            yield _Shares(self, problems.refitted)
        elif n > MOST_SHARED:
            self.skip(SHARED_OUT, f"more than {MOST_SHARED} blocks would take too many fits")
        else:
            self.skip(SHARED_OUT, self._too_long)
        if problems.nearness is not None:
            yield _BlockByBlock(self, problems.nearness, NEARNESS, NEAR)

    @property
    def _too_long(self) -> str:
        return f"it would take too long for the budget, which is {self.budget.seconds:g} s"


@dataclass(frozen=True, eq=False)
class _BlockByBlock:
    """A question that is put to one block after the other, for as long as the next one is expected
    to end in time: it may take what was planned, and what the longest one took.

    Attributes:
        asking: The clock, and where to say what was not asked.
        explainer: The method.
        method: Its name.
        question: The same in a sentence.
        planned: Seconds of one block.
    """

    asking: Asking
    explainer: Explainer
    method: str
    question: str
    planned: float = 0.0

    def estimate(self, problem: ImportanceProblem, seed: int) -> tuple[ImportanceEstimate, ...]:
        """One row for each block that there was time for."""
        found: list[ImportanceEstimate] = []
        names, expected = problem.names, self.planned
        with self.asking.watch.stage(self.question, len(names)) as advance:
            for done, name in enumerate(names):
                if not self.asking.fits(expected):
                    missing = ", ".join(names[done:])
                    self.asking.skip(self.method, f"no time was left for {missing}")
                    break
                before = self.asking.budget.spent
                found += self.explainer.estimate(replace(problem, wanted=(name,)), seed)
                expected = max(expected, self.asking.budget.spent - before)
                advance(done + 1, len(names))
        return tuple(found)


class _OutOfTimeError(Exception):
    """The next fit is not expected to end in time."""


@dataclass(frozen=True, eq=False)
class _Shares:
    """Shares among all blocks: one answer of very many fits, given up where time runs out."""

    asking: Asking
    problem: ImportanceProblem

    def estimate(self, problem: ImportanceProblem, seed: int) -> tuple[ImportanceEstimate, ...]:
        """One row a block; none if the time was too short."""
        n = len(self.problem.names)
        try:
            if not self.asking.fits((2**n - n - 2) * self.asking.refit):
                raise _OutOfTimeError
            with self.asking.watch.stage(SHARE):
                return GroupShapley().estimate(self._watched(), seed)
        except _OutOfTimeError:
            self.asking.skip(SHARED_OUT, "no time was left")
            return ()

    def _watched(self) -> ImportanceProblem:
        """The problem, with a look at the clock before each fit."""
        learner, budget, longest = self.problem.learner, self.asking.budget, 0.0

        def fit(names: tuple[str, ...], /) -> Predictor:
            predictor = needs_learner(self.problem, SHARED_OUT)(names)

            def answer(blocks: Blocks, /) -> NDArray[Any]:
                nonlocal longest
                if not self.asking.fits(longest):
                    raise _OutOfTimeError
                before = budget.spent
                found = predictor(blocks)
                longest = max(longest, budget.spent - before)
                return found

            return answer

        return replace(self.problem, learner=learner and fit)


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
        return cosine_to_behaviour(self.features, self.cases, seed, problem.names)
