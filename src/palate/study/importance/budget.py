"""Asking as many questions as the time allows, with a look at the clock between any two units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

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
from palate.explain.importance.verdict import Settled
from palate.progress import Stopwatch
from palate.runs.importance_rows import LeftOut
from palate.stages import Explainer
from palate.study.block_answers import corrected
from palate.study.importance.plan import MOST_SHARED, Deadline, Plan
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
from palate.tables.importance_problem import ImportanceEstimate, ImportanceProblem


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
        deadline: Nothing begins behind it.
        watch: Shows and times each question.
        left_out: What was not asked, and why.
    """

    plan: Plan
    deadline: Deadline
    watch: Stopwatch
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
            step = _BlockByBlock(self, DropAndRefit(), DROPPED, REMAINS)
            answers = step.estimate(replace(problems.refitted, wanted=names), seed)
            return (*problems.known, *corrected(answers))
        return problems.known

    def _explainers(self, problems: Problems) -> Iterator[Explainer]:
        plan, n = self.plan, len(problems.refitted.names)
        plain = Permutation(PermutationSettings(plan.repeats))
        yield _BlockByBlock(self, plain, PERMUTED, USES)
        if plan.conditional:
            own = Conditional(ConditionalSettings(plan.repeats))
            yield _BlockByBlock(self, own, CONDITIONAL, CARRIES)
        else:
            self.skip(CONDITIONAL, self._too_long)
        if plan.shares:
            yield _Whole(self, GroupShapley(), SHARED_OUT, SHARE, problems.refitted)
        elif n > MOST_SHARED:
            self.skip(SHARED_OUT, f"more than {MOST_SHARED} blocks would take too many fits")
        else:
            self.skip(SHARED_OUT, self._too_long)
        if problems.nearness is not None:
            yield _Whole(self, problems.nearness, NEARNESS, NEAR, problems.exchanged)

    @property
    def _too_long(self) -> str:
        return f"it would take too long for the budget, which is {self.deadline.seconds:g} s"


@dataclass(frozen=True, eq=False)
class _BlockByBlock:
    """A question that is put to one block after the other, for as long as there is time."""

    asking: Asking
    explainer: Explainer
    method: str
    question: str

    def estimate(self, problem: ImportanceProblem, seed: int) -> tuple[ImportanceEstimate, ...]:
        """One row for each block that there was time for."""
        found: list[ImportanceEstimate] = []
        names = problem.names
        with self.asking.watch.stage(self.question, len(names)) as advance:
            for done, name in enumerate(names):
                if self.asking.deadline.for_questions <= 0:
                    missing = ", ".join(names[done:])
                    self.asking.skip(self.method, f"no time was left for {missing}")
                    break
                found += self.explainer.estimate(replace(problem, wanted=(name,)), seed)
                advance(done + 1, len(names))
        return tuple(found)


@dataclass(frozen=True, eq=False)
class _Whole:
    """A question that is put to all blocks at once, if there is time left."""

    asking: Asking
    explainer: Explainer
    method: str
    question: str
    problems: ImportanceProblem

    def estimate(self, problem: ImportanceProblem, seed: int) -> tuple[ImportanceEstimate, ...]:
        """One row a block."""
        if self.asking.deadline.for_questions <= 0:
            self.asking.skip(self.method, "no time was left")
            return ()
        with self.asking.watch.stage(self.question):
            return self.explainer.estimate(self.problems, seed)


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
