"""The model of a run as something that questions can be put to, and what a question costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

import numpy as np

from palate.budget import Budget
from palate.explain.importance.verdict import Settled
from palate.fit.refit import Answers, CachedScorer, Model, Unit
from palate.fit.units import narrowed, units_of
from palate.perturbation.problems import sample_cases
from palate.perturbation.questions import CasesQuestion, MeasuredQuestion
from palate.recipe.metrics import metric
from palate.registry import spec
from palate.runs.open import OpenedRun
from palate.study.importance.budget import Cosine, Problems
from palate.study.importance.memory import Room
from palate.study.importance.plan import FEWEST_CASES, Plan, Wanted, for_questions, planned
from palate.study.recorded import Costs
from palate.tables import FeatureTable, Finding
from palate.tables.importance_problem import ImportanceProblem

T = TypeVar("T")


@dataclass(frozen=True)
class Limits:
    """What is examined, and how much of it.

    Attributes:
        by: Whole blocks, or the fields or columns of those that name their columns.
        cases: Most test cases.
        metric: By which metric.
        room: What fits into memory.
    """

    by: Literal["blocks", "fields", "columns"]
    cases: int
    metric: str
    room: Room


@dataclass(frozen=True, eq=False)
class Prepared:
    """A model of a run, before it is known how many cases there is time for.

    Attributes:
        run: The run.
        exchanged: The model on blocks whose values can change hands: wide ones as their main
            directions.
        exact: The model as it is in the run.
        units: What is examined.
        limits: How much of it.
        notes: What was made narrower.
    """

    run: OpenedRun
    exchanged: Model
    exact: Model
    units: Mapping[str, Unit]
    limits: Limits
    notes: tuple[Finding, ...]

    @property
    def features(self) -> FeatureTable:
        """The content whose values change hands."""
        return self.exchanged.training.features

    def problems(
        self, known: tuple[Settled, ...], costs: Costs, budget: Budget
    ) -> tuple[Problems, Plan]:
        """Plan, and put the planned number of cases in.

        Args:
            known: What the run says of blocks.
            costs: What the units take.
            budget: The time there is.

        Raises:
            Refused: Nothing fits into the budget.
        """
        everything = self._question(self.limits.cases)
        wanted = Wanted(len(self.units), len(everything.cases), len(known) == len(self.units))
        plan = planned(for_questions(budget), costs, wanted, budget)
        question = self._question(plan.cases)
        chunks = question.in_chunks(self.limits.room.chunk)
        exact = self._answers(self.exact, chunks)
        answers = exact if self.exchanged is self.exact else self._answers(self.exchanged, chunks)
        whole = all(unit.columns is None for unit in self.units.values())
        nearness = Cosine(self.features, question.cases) if whole else None
        refitted = self._refitted(exact, question)
        problems = Problems(self._exchanged(answers, question), refitted, known, nearness)
        return problems, plan

    def _question(self, most: int) -> CasesQuestion:
        test = self.run.split.test.open("importance")
        measure: Any = metric(self.limits.metric)
        cases = sample_cases(test, most, self.run.recipe.seed)
        return CasesQuestion(self.limits.metric, cases, measure.per_case)

    def costs(self, budget: Budget, known: bool, recorded: Costs) -> Costs:
        """Seconds of a unit of each kind, measured on few cases and the block of the most numbers.

        Args:
            budget: A model is fitted again only if there is time for it.
            known: Whether the run has the answers that models would be fitted again for.
            recorded: What the units took in the run.
        """
        question = self._question(FEWEST_CASES)
        chunks = question.in_chunks(self.limits.room.chunk)
        widest = max(
            dict.fromkeys(u.block for u in self.units.values()),
            key=lambda b: self.features.block(b).n_bytes,
        )
        block = self.features.block(widest)
        turned = self.features.replaced(replace(block, matrix=block.matrix[::-1]))
        rebuild, other = _timed(lambda: self.exchanged.given(turned, frozenset({widest})))
        score, _ = _timed(lambda: self._answers(self.exchanged, chunks).gains(other))
        case = score / max(len(question.cases), 1)
        # where the run has the answers, a fit serves the shares alone, which come last
        spare = for_questions(budget) - (budget.seconds / 2 if known else 0.0)
        if len(self.units) < 2 or spare <= max(recorded.refit, 0.0):
            return Costs(rebuild, case, float("inf"))
        left = dict(self.exact.training.features.blocks)
        del left[widest]
        table = FeatureTable(self.features.items, left)
        refit, _ = _timed(lambda: self.exact.without(table, frozenset({widest})))
        return Costs(rebuild, case, refit)

    def _answers(self, model: Model, chunks: list[CasesQuestion]) -> Answers:
        histories = [chunk.cases.histories for chunk in chunks]
        each = self.limits.room.kept // max(len(model.scorers), 1)
        scorers = {
            m: s if model.graph.all_blocks(m) else CachedScorer(s, histories, each)
            for m, s in model.scorers.items()
        }
        model = replace(model, scorers=scorers)
        return Answers(model, model.training.features, self.units, chunks)

    def _exchanged(self, answers: Answers, question: CasesQuestion) -> ImportanceProblem:
        features, units = self.features, self.units
        return ImportanceProblem(
            answers.blocks,
            answers,
            MeasuredQuestion(question.metric, question.cluster),
            present={name: features.block(u.block).present for name, u in units.items()},
            baseline=answers.gains(self.exact.plain),
            seconds={name: features.block(u.block).seconds for name, u in units.items()},
            bytes={n: _bytes(self.exact.training.features, u) for n, u in units.items()},
        )

    def _refitted(self, answers: Answers, question: CasesQuestion) -> ImportanceProblem:
        # only which blocks there are is read of the content here, never its numbers
        nothing = {name: np.empty((len(self.features.items), 0)) for name in self.units}
        return ImportanceProblem(
            nothing,
            answers.learner(tuple(self.units)),
            MeasuredQuestion(question.metric, question.cluster),
            learner=answers.learner,
        )


def prepared(run: OpenedRun, name: str, limits: Limits) -> Prepared:
    """The model of a run with all it is made of; blocks too wide to change hands whole enter those
    questions as their leading components.
    """
    graph, training = run.recipe.graph, run.training()
    names = graph.all_blocks(name)
    features, notes = narrowed(run.features, names, limits.room.numbers)
    units = units_of(features, names, limits.by)
    scorers = {m: run.scorer(m) for m in graph.closure(name)}
    plain = spec({"part": "model.popularity.v1"}, "scorer").build().fit(training)
    exact = Model(name, graph, training, run.context(), scorers, plain)
    changed = frozenset(n for n in names if features.block(n) is not run.features.block(n))
    if not changed:
        return Prepared(run, exact, exact, units, limits, notes)
    narrow = replace(exact, training=replace(training, features=features))
    made = {m: replace(narrow, name=m).given(features, changed) for m in scorers}
    return Prepared(run, replace(narrow, scorers=made), exact, units, limits, notes)


def basis(problems: Problems) -> dict[str, str]:
    """Block -> on whose cases the answer that decides was found, where it is the run's own."""
    return {
        one.estimate.block: "the run's own comparison, over all its test users"
        for one in problems.known
    }


def _bytes(features: FeatureTable, unit: Unit) -> int:
    block = features.block(unit.block)
    if unit.columns is None:
        return block.n_bytes
    return round(block.n_bytes * len(unit.columns) / max(block.width, 1))


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    start = time.perf_counter()
    made = work()
    return time.perf_counter() - start, made
