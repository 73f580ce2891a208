"""Importance of the features of a finished run: estimates, verdicts and explanations, beside the
run's other files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from palate import store
from palate.arrays import Doubles
from palate.budget import Budget
from palate.errors import BadInput, Refused, raise_all
from palate.evaluate.leaks import KNOWING, leaks
from palate.explain.importance.caution import similarities
from palate.explain.importance.study import Study
from palate.explain.importance.target_prediction import targets_predicted
from palate.fit.units import is_wide
from palate.pipeline.block_importance import ADD
from palate.progress import Progress, Silent, Stopwatch
from palate.recipe.metrics import is_list_metric
from palate.report.importance_text import block_advice
from palate.report.page import PAGE, page_of
from palate.runs import files
from palate.runs.documents import Fault
from palate.runs.importance_rows import ImportanceStudy, LeftOut, SimilarPair, importance_row
from palate.runs.open import OpenedRun, open_run
from palate.runs.rows import Comparison, Importance
from palate.runs.writer import replacing
from palate.study import block_answers
from palate.study.block_answers import examined, reported
from palate.study.importance.brief import brief
from palate.study.importance.budget import Asking, Problems, Terms
from palate.study.importance.illustrated import illustrated
from palate.study.importance.memory import room_for
from palate.study.importance.plan import FEWEST_CASES, check, for_questions, smallest
from palate.study.importance.prepared import Limits, basis, prepared
from palate.study.recorded import Costs, recorded_costs
from palate.study.run_errors import run_errors
from palate.tables import FeatureTable, Finding
from palate.tables.importance_problem import ImportanceProblem
from palate.tables.variant import Variant

STUDY = files.STUDY.name

By: TypeAlias = Literal["blocks", "fields", "columns"]

MOST_COMPARED = 60
"""Blocks, fields or columns whose similarity is looked at."""
FEWEST_ITEMS = 200
"""Items with all content that similarity is taken over; with fewer, all items are taken."""


@dataclass(frozen=True)
class ImportanceOptions:
    """How importance is estimated.

    Attributes:
        by: Whole blocks, or the fields or columns of those that name their columns.
        budget: Seconds that all of it may take; what does not fit is left out and said.
        cases: Most test cases.
        q: Share of false discoveries allowed among the blocks.
        model: The model; empty: the one of the headline.
        metric: The metric; empty: the primary one.
        force: Go on where the answers would be no evidence, and say so.
        memory_gib: GiB that it may take; cases are scored in chunks that fit.
    """

    by: By = "blocks"
    budget: float = 60.0
    cases: int = 2000
    q: float = 0.1
    model: str = ""
    metric: str = ""
    force: bool = False
    memory_gib: float = 2.0


@dataclass(frozen=True)
class ImportanceResult:
    """What was found out.

    Attributes:
        study: What `worth.json` says.
        rows: The rows that were added to `importance.json`.
    """

    study: ImportanceStudy
    rows: tuple[Importance, ...]


def importance(
    folder: Path,
    options: ImportanceOptions | None = None,
    progress: Progress | None = None,
    budget: Budget | None = None,
) -> ImportanceResult:
    """Estimate the importance of a run's features; write `importance.json` and `worth.json`, draw
    the report again.

    The questions are put to the model of the headline, on its test cases, in the primary metric.
    Whether it is worse without a block is read from the run's own comparisons where they say; it is
    found out only where they do not. Rows of the run itself about fusions of one block stay.

    Args:
        folder: A finished run.
        options: See there.
        progress: Receives the stages.
        budget: The time, where it runs already; else that of the options runs from here.

    Returns:
        What both files say.

    Raises:
        Refused: No signal, fewer than two things to compare, fewer than 50 users, or a block that
            knows the test; a budget of time or memory that not even the smallest study keeps to.
        BadInput: There is no run, no block in it, or no such model or metric.
    """
    options = options or ImportanceOptions()
    budget = budget or Budget(options.budget)
    watch = Stopwatch(progress or Silent())
    with watch.stage("open the run"):
        run = open_run(folder)
        model = _chosen_model(run, options.model)
        names = run.recipe.graph.all_blocks(model)
        room = room_for(run, model, names, options.memory_gib)
    before = budget.spent
    with watch.stage("look for leaks"):
        findings = _leaks(run, names)
        if not options.force:
            raise_all(_refusals(findings))
    yardstick = budget.spent - before
    check(budget, "reading the run")
    limits = Limits(options.by, options.cases, _metric(run, options), room)
    found = _examined(run, model, limits, options, budget, watch)
    problem = found.problems.exchanged
    findings = (
        *run_errors(run),
        *_another(run, model),
        *findings,
        *found.notes,
        *found.study.findings,
    )
    study = ImportanceStudy(
        model=model,
        metric=problem.question.metric,
        by=options.by,
        cases=len(problem.question.cluster),
        users=len(np.unique(problem.question.cluster)),
        evidence=found.study.evidence and not any(f.severity == "error" for f in findings),
        findings=tuple(Fault(**asdict(f)) for f in findings),
        left_out=found.left_out,
        similarities=tuple(
            SimilarPair(a, b, round(float(r), 4))
            for a, b, r in _pair_similarities(problem, run.recipe.seed)
        ),
        told=block_advice(found.study.rows, problem.question.metric, basis(found.problems)),
    )
    rows = tuple(importance_row(row, Variant(model)) for row in found.study.rows)
    with watch.stage("illustrate"):
        study = illustrated(study, run, found.features, budget, yardstick)
    study = replace(study, seconds=round(budget.spent, 1))
    written = (files.IMPORTANCE.name, STUDY, PAGE)
    with watch.stage("draw the report"), replacing(folder, written) as place:
        for sentence in _write(run, place, rows, study):
            watch.progress.say(sentence)
    return ImportanceResult(study, rows)


@dataclass(frozen=True, eq=False)
class _Found:
    """What was found out, before it is written."""

    study: Study
    problems: Problems
    features: FeatureTable
    left_out: tuple[LeftOut, ...]
    notes: tuple[Finding, ...] = ()


def _examined(
    run: OpenedRun,
    model: str,
    limits: Limits,
    options: ImportanceOptions,
    budget: Budget,
    watch: Stopwatch,
) -> _Found:
    """As many questions as the time allows; only the run's own answers where it allows none."""
    names = run.recipe.graph.all_blocks(model)
    rows = block_answers.of_run(run, model, limits.metric) if limits.by == "blocks" else {}
    known = set(rows) == set(names) and len(names) > 1
    recorded = recorded_costs(run, model)
    ahead = _ahead(run, names, limits, recorded)
    if known and ahead > for_questions(budget):
        return _in_brief(run, rows, ahead, budget)
    check(budget, "reading the run", ahead)
    with watch.stage("prepare"):
        made = prepared(run, model, limits)
    check(budget, "reading the run and its blocks")
    with watch.stage("measure what a unit costs"):
        costs = made.costs(budget, known, recorded)
    least = smallest(costs, len(made.units), min(limits.cases, len(run.split.test)))
    if known and least > for_questions(budget):
        return _in_brief(run, rows, least, budget)
    problems, plan = made.problems(block_answers.settled(rows), costs, budget)
    asking = Asking(plan, budget, watch, costs)
    study = asking.study(problems, Terms(run.recipe.seed, options.q, options.force))
    return _Found(study, problems, made.features, tuple(asking.left_out), made.notes)


def _in_brief(
    run: OpenedRun, rows: Mapping[str, Comparison], ahead: float, budget: Budget
) -> _Found:
    found = brief(run, rows, ahead, budget.seconds)
    return _Found(found.study, found.problems, run.features, found.left_out)


def _ahead(run: OpenedRun, names: Sequence[str], limits: Limits, recorded: Costs) -> float:
    """Seconds that the least of the questions takes, by the run's own clock: blocks made narrower,
    one unit measured, and exchanges of few cases.
    """
    wide = any(is_wide(run.features.block(name), limits.room.numbers) for name in names)
    cases = min(limits.cases, len(run.split.test))
    least = smallest(recorded, len(names), cases)
    return least + (1 + wide) * recorded.rebuild + min(FEWEST_CASES, cases) * recorded.case


def _chosen_model(run: OpenedRun, name: str) -> str:
    model = name or examined(run)
    if model not in run.recipe.models:
        raise BadInput(
            f'the run has no model "{model}"', where="--model", allowed=", ".join(run.recipe.models)
        )
    if not run.recipe.graph.all_blocks(model):
        raise Refused(
            f'the model "{model}" reads no block of features, so there is nothing to examine',
            where="models",
            next_step='add a block and a "model.blend.v1" that reads it, then run the recipe again',
        )
    return model


def _another(run: OpenedRun, model: str) -> tuple[Finding, ...]:
    """A note where this is not the model that the headline speaks of."""
    headline = reported(run)
    if headline in ("", model):
        return ()
    message = f'The headline speaks of "{headline}", these answers of "{model}".'
    advice = f"Ask about the other one with --model {headline}; of one block by --fields."
    return (Finding("another-model", "note", message, where="--model", advice=advice),)


def _refusals(findings: Sequence[Finding]) -> list[Refused]:
    return [
        Refused(f.message, where=f.where, next_step=f.advice)
        for f in findings
        if f.severity == "error"
    ]


def _leaks(run: OpenedRun, names: Sequence[str]) -> tuple[Finding, ...]:
    """Errors of the split, and blocks that know the test; both would make every number a lie."""
    seed = run.recipe.seed
    examined = FeatureTable(run.features.items, {name: run.features.block(name) for name in names})
    found = []
    for f in leaks(run.split, examined, run.data.interactions, seed):
        if f.code in KNOWING:
            found.append(replace(f, code="target-leaked", severity="error"))
        elif f.severity == "error":
            found.append(f)
    known = {f.where for f in found}
    return (
        *found,
        *(f for f in targets_predicted(examined, names, run.split, seed) if f.where not in known),
    )


def _metric(run: OpenedRun, options: ImportanceOptions) -> str:
    label = options.metric or run.recipe.evaluate.primary
    if is_list_metric(label):
        raise BadInput(
            f'"{label}" looks at whole lists, not at what people chose',
            where="--metric",
            allowed="a metric of the targets, such as ndcg@10, recall@10 or auc",
        )
    return label


def _pair_similarities(problem: ImportanceProblem, seed: int) -> tuple[tuple[str, str, float], ...]:
    """Every pair, over the items that have the content of all."""
    if not problem.blocks:
        return ()
    rows = np.logical_and.reduce([problem.present[name] for name in problem.blocks])
    rows = rows if rows.sum() >= FEWEST_ITEMS else np.ones(len(rows), np.bool_)
    chosen: dict[str, Doubles] = {
        name: X[rows] for name, X in list(problem.blocks.items())[:MOST_COMPARED]
    }
    return similarities(chosen, seed)


def _write(
    run: OpenedRun, place: Path, rows: tuple[Importance, ...], study: ImportanceStudy
) -> tuple[str, ...]:
    """Both files, and the page that shows them; what the run itself found out by another question
    stays. What of the page could not be drawn.
    """
    there = files.IMPORTANCE.name in run.manifest.files
    old = run.rows(files.IMPORTANCE) if there else ()
    both = (*rows, *(row for row in old if row.method == ADD))
    files.IMPORTANCE.write(place, both)
    files.STUDY.write(place, study)
    shown = files.read(run.folder)
    absent = {k: v for k, v in shown.absent.items() if k not in (files.IMPORTANCE.name, STUDY)}
    page = page_of(replace(shown, importance=both, study=study, absent=absent))
    store.write_text(place / PAGE, page.text)
    return page.warnings
