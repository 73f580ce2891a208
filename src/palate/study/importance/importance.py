"""Importance of the features of a finished run: estimates, verdicts and explanations, beside the
run's other files.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from palate.arrays import Doubles
from palate.errors import BadInput, Refused, raise_all
from palate.evaluate.leaks import leaks
from palate.explain.importance.caution import similarities
from palate.explain.importance.target_prediction import targets_predicted
from palate.fit.refit import Answers, CachedScorer, Model, Unit
from palate.fit.units import narrowed, units_of
from palate.perturbation.problems import sample_cases
from palate.perturbation.questions import CasesQuestion
from palate.pipeline.block_importance import ADD
from palate.progress import Progress, Silent, Stopwatch
from palate.recipe.metrics import is_list_metric, metric
from palate.registry import spec
from palate.report.importance_text import block_advice
from palate.report.page import PAGE, draw
from palate.runs import files
from palate.runs.documents import Fault
from palate.runs.importance_rows import ImportanceStudy, SimilarPair, importance_row
from palate.runs.open import OpenedRun, open_run
from palate.runs.rows import Importance
from palate.runs.writer import replacing
from palate.study.importance.budget import Terms, estimate_within
from palate.study.importance.explanations import people, reasons, swarm, words
from palate.tables import Cases, FeatureTable, Finding
from palate.tables.importance_problem import ImportanceProblem
from palate.tables.variant import Variant

By: TypeAlias = Literal["blocks", "fields", "columns"]

MOST_SCORES = 50_000_000
"""Scores of one answer: more cases than fit are sampled."""
MOST_COMPARED = 60
"""Blocks, fields or columns whose similarity is looked at."""
FEWEST_ITEMS = 200
"""Items with all content that similarity is taken over; with fewer, all items are taken."""


@dataclass(frozen=True)
class ImportanceOptions:
    """How importance is estimated.

    Attributes:
        by: Whole blocks, or the fields or columns of those that name their columns.
        budget: Seconds that the methods may take together, about.
        cases: Most test cases.
        q: Share of false discoveries allowed among the blocks.
        model: The model; empty: the one of the headline.
        metric: The metric; empty: the primary one.
        force: Go on where the answers would be no evidence, and say so.
    """

    by: By = "blocks"
    budget: float = 60.0
    cases: int = 2000
    q: float = 0.1
    model: str = ""
    metric: str = ""
    force: bool = False


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
    folder: Path, options: ImportanceOptions | None = None, progress: Progress | None = None
) -> ImportanceResult:
    """Estimate the importance of a run's features; write `importance.json` and `worth.json`, draw
    the report again.

    The methods are applied to the model of the headline, on its test cases, in the primary metric.
    Rows of the run itself that answer another question ("what does it add alone?") stay.

    Args:
        folder: A finished run.
        options: See there.
        progress: Receives the stages.

    Returns:
        What both files say.

    Raises:
        Refused: No signal, fewer than two things to compare, fewer than 50 users, or a block that
            knows the test.
        BadInput: There is no run, no block in it, or no such model or metric.
    """
    start = time.perf_counter()
    options = options or ImportanceOptions()
    watch = Stopwatch(progress or Silent())
    with watch.stage("open the run"):
        run = open_run(folder)
        model = _chosen_model(run, options.model)
        names = run.recipe.graph.all_blocks(model)
    with watch.stage("look for leaks"):
        findings = _leaks(run, names)
        if not options.force:
            raise_all(
                [
                    Refused(f.message, where=f.where, next_step=f.advice)
                    for f in findings
                    if f.severity == "error"
                ]
            )
    with watch.stage("prepare"):
        answers, problem, narrow = _problem(run, model, names, options)
    found, left_out = estimate_within(
        options.budget, answers, problem, watch, Terms(run.recipe.seed, options.q, options.force)
    )
    findings = (*findings, *narrow, *found.findings)
    study = ImportanceStudy(
        model=model,
        metric=problem.question.metric,
        by=options.by,
        cases=len(answers.cases),
        users=len(np.unique(problem.question.cluster)),
        evidence=found.evidence and not any(f.severity == "error" for f in findings),
        findings=tuple(Fault(**asdict(f)) for f in findings),
        left_out=left_out,
        similarities=tuple(
            SimilarPair(a, b, round(float(r), 4))
            for a, b, r in _pair_similarities(problem, run.recipe.seed)
        ),
        told=block_advice(found.rows, problem.question.metric),
    )
    rows = tuple(importance_row(row, Variant(model)) for row in found.rows)
    with watch.stage("illustrate"):
        study = _illustrated(study, run, names, answers.features)
    study = replace(study, seconds=round(time.perf_counter() - start, 1))
    made = (files.IMPORTANCE.name, files.STUDY.name, PAGE)
    with watch.stage("draw the report"), replacing(folder, made):
        _write(folder, rows, study)
        draw(folder)
    return ImportanceResult(study, rows)


def _illustrated(
    study: ImportanceStudy, run: OpenedRun, names: Sequence[str], features: FeatureTable
) -> ImportanceStudy:
    """The study with what moves a ranker's scores, and words and reasons for a few people."""
    scorer = run.scorer(study.model)
    shown = people(run, study.model, scorer)
    return replace(
        study,
        swarm=swarm(run, features, names),
        words=words(run, names, shown),
        reasons=reasons(run, scorer, shown),
    )


def _chosen_model(run: OpenedRun, name: str) -> str:
    model = name or run.recipe.graph.headline()
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


def _leaks(run: OpenedRun, names: Sequence[str]) -> tuple[Finding, ...]:
    """Errors of the split, and blocks that know the test; both would make every number a lie."""
    seed = run.recipe.seed
    examined = FeatureTable(run.features.items, {name: run.features.block(name) for name in names})
    found = []
    for f in leaks(run.split, examined, run.data.interactions, seed):
        if f.code == "column-knows-targets":
            found.append(replace(f, code="target-leaked", severity="error"))
        elif f.severity == "error":
            found.append(f)
    known = {f.where for f in found}
    return (
        *found,
        *(f for f in targets_predicted(examined, names, run.split, seed) if f.where not in known),
    )


def _problem(
    run: OpenedRun, name: str, names: Sequence[str], options: ImportanceOptions
) -> tuple[Answers, ImportanceProblem, tuple[Finding, ...]]:
    """The model as an importance problem; blocks too wide to be handled whole enter as their
    leading components.
    """
    graph, training, seed = run.recipe.graph, run.training(), run.recipe.seed
    features, narrow = narrowed(run.features, names)
    training = replace(training, features=features)
    scorers = {m: run.scorer(m) for m in graph.closure(name)}
    scorers |= {m: CachedScorer(s) for m, s in scorers.items() if not graph.all_blocks(m)}
    plain = spec({"part": "model.popularity.v1"}, "scorer").build().fit(training)
    model = Model(name, graph, training, run.context(), scorers, plain)
    changed = frozenset(n for n in names if features.block(n) is not run.features.block(n))
    if changed:
        scorers = {m: replace(model, name=m).given(features, changed) for m in scorers}
        model = replace(model, scorers=scorers)
    cases = _cases(run.split.test.open("importance"), options.cases, features, seed)
    answers = Answers(model, features, units_of(features, names, options.by), cases)
    question = _question(options.metric or run.recipe.evaluate.primary, cases)
    problem = ImportanceProblem(
        answers.blocks,
        answers,
        question,
        present={unit: features.block(u.block).present for unit, u in answers.units.items()},
        learner=answers.learner,
        baseline=question.gains(plain.score(cases.histories)),
        seconds={unit: features.block(u.block).seconds for unit, u in answers.units.items()},
        bytes={unit: _bytes(features, u) for unit, u in answers.units.items()},
    )
    return answers, problem, narrow


def _bytes(features: FeatureTable, unit: Unit) -> int:
    block = features.block(unit.block)
    return (
        block.n_bytes
        if unit.columns is None
        else round(block.n_bytes * len(unit.columns) / max(block.width, 1))
    )


def _cases(test: Cases, most: int, features: FeatureTable, seed: int) -> Cases:
    return sample_cases(test, min(most, max(MOST_SCORES // max(len(features.items), 1), 1)), seed)


def _question(label: str, cases: Cases) -> CasesQuestion:
    if is_list_metric(label):
        raise BadInput(
            f'"{label}" looks at whole lists, not at what people chose',
            where="--metric",
            allowed="a metric of the targets, such as ndcg@10, recall@10 or auc",
        )
    measure: Any = metric(label)
    return CasesQuestion(label, cases, measure.per_case)


def _pair_similarities(problem: ImportanceProblem, seed: int) -> tuple[tuple[str, str, float], ...]:
    """Every pair, over the items that have the content of all."""
    rows = np.logical_and.reduce([problem.present[name] for name in problem.blocks])
    rows = rows if rows.sum() >= FEWEST_ITEMS else np.ones(len(rows), np.bool_)
    chosen: dict[str, Doubles] = {
        name: X[rows] for name, X in list(problem.blocks.items())[:MOST_COMPARED]
    }
    return similarities(chosen, seed)


def _write(folder: Path, rows: tuple[Importance, ...], study: ImportanceStudy) -> None:
    """Both files; what the run itself found out by another question stays."""
    written = (folder / files.IMPORTANCE.name).is_file()
    old = files.IMPORTANCE.read(folder) if written else ()
    files.IMPORTANCE.write(folder, (*rows, *(row for row in old if row.method == ADD)))
    files.STUDY.write(folder, study)
