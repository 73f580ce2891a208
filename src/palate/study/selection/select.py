"""A finished run -> a recipe with the blocks that earn their place, chosen without a look at the
test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from palate import store
from palate.budget import Budget
from palate.errors import BadInput, Refused
from palate.explain.importance.caution import FEWEST_USERS
from palate.perturbation.problems import sample_cases
from palate.perturbation.questions import CasesQuestion
from palate.progress import Progress, Silent, Stopwatch
from palate.recipe.metrics import metric
from palate.registry import spec
from palate.runs.open import OpenedRun, open_run
from palate.stages import Scorer
from palate.study.block_answers import examined, of_run
from palate.study.recorded import recorded_costs
from palate.study.run_errors import run_errors
from palate.study.selection.answers import BlockAnswer, block_answers, losses
from palate.study.selection.choose import Chosen, Limits, choose
from palate.study.selection.objective import FOLDS, SelectionObjective, split_by_user
from palate.study.selection.selected_recipe import selected_recipe
from palate.study.selection.storage import STORED, Choice, codec_name
from palate.study.selection.time import Time
from palate.tables import Cases

T = TypeVar("T")

MOST_SCORES = 50_000_000
"""Scores of one answer: more cases than fit are sampled."""


@dataclass(frozen=True)
class MoveFacts:
    """One thing that was changed: what the metric lost by it, with its interval, and bytes an item
    afterwards.
    """

    block: str
    what: str
    loss: float
    low: float
    high: float
    why: str
    bytes: float


@dataclass(frozen=True)
class Figure:
    """A metric on the test users, with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class LeakedFigure:
    """What choosing on the test itself would have shown, and kept."""

    value: float
    low: float
    high: float
    kept: Mapping[str, str]


@dataclass(frozen=True)
class Selection:
    """What was chosen, and what it does on the test.

    Attributes:
        model: The model that judged.
        metric: By which metric.
        kept: Block -> the codec it is stored with; empty where it stays as it is.
        moves: What was changed, in order.
        all: All blocks as they are.
        honest: The choice, made on validation users.
        leaked: The choice that the test itself would have made; None where there was no time for
            it.
        share_kept: Share of the metric that the choice keeps.
        bytes_before: Bytes an item of all blocks.
        bytes: Bytes an item of the choice.
        milliseconds: Milliseconds to make the chosen blocks, an item.
        sentence: The same in words.
        answers: Whether the model of all blocks is worse without each block, on the validation
            users and on the test.
        recipe: Where the recipe was written; empty where it was not.
        left_out: What there was no time for, in sentences.
        errors: Of the run's data or split; the choice cannot be relied on while there are any.
    """

    model: str
    metric: str
    kept: Mapping[str, str]
    moves: tuple[MoveFacts, ...]
    all: Figure
    honest: Figure
    leaked: LeakedFigure | None
    share_kept: float
    bytes_before: float
    bytes: float
    milliseconds: float
    sentence: str
    answers: tuple[BlockAnswer, ...] = ()
    recipe: str = ""
    left_out: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


def select(
    folder: Path,
    out: Path,
    limits: Limits | None = None,
    cases: int = 4000,
    progress: Progress | None = None,
    *,
    force: bool = False,
    budget: Budget | None = None,
) -> Selection:
    """Choose blocks on the validation cases, and write the recipe that keeps only those.

    Args:
        folder: A finished run.
        out: The recipe to write.
        limits: What the choice must keep to.
        cases: Most validation cases, and most test cases for the check afterwards.
        progress: Receives the stages.
        force: Write over a file that is there.
        budget: The time there is; what does not fit is left out and said. None: without end.

    Returns:
        What was kept, what went and why, and what that does on the test.

    Raises:
        BadInput: There is no run, or `out` is there already.
        Refused: The run's models read no block, there are fewer than 50 validation users, or not
            even a first look at each block fits into the budget.
    """
    if out.exists() and not force:
        raise BadInput(
            "the file is there already", where=str(out), next_step="use --force, or another --out"
        )
    watch = Stopwatch(progress or Silent())
    with watch.stage("open the run"):
        run = open_run(folder)
    chosen, found = selected(run, limits or Limits(), cases, watch, budget)
    lines = [f"error in the run: {sentence}" for sentence in found.errors]
    lines += [f"{m.block}: {m.what}. {m.why}" for m in found.moves] or [
        "Every block earns its place as it is."
    ]
    lines += [answer.sentence for answer in found.answers]
    recipe = selected_recipe(run.recipe, found.model, chosen.choice, [*lines, found.sentence])
    store.write_text(out, recipe)
    return replace(found, recipe=str(out))


def selected(
    run: OpenedRun, limits: Limits, most: int, watch: Stopwatch, budget: Budget | None = None
) -> tuple[Chosen, Selection]:
    """Choose, and measure the choice on the test: as it should be done, and as it should not.

    Args:
        run: A finished run.
        limits: What the choice must keep to.
        most: Cases to choose on, and to measure on.
        watch: Times the stages.
        budget: The time there is; None: without end.

    Returns:
        The choice, and what there is to say of it.
    """
    seed = run.recipe.seed
    validation = _few(run.split.validation, most, run)
    users = len(np.unique(validation.histories.users))
    if users < FEWEST_USERS:
        raise Refused(
            f"{users} users are too few to choose on",
            where="split",
            allowed=f"{FEWEST_USERS} or more with a validation part",
            next_step="choose a split that keeps a larger validation part",
        )
    time = Time(budget) if budget else Time()
    honest = replace(_objective(run, split_by_user(validation, seed)), time=time)
    test = _few(run.split.test.open("check a selection"), most, run)
    # one fold, and a time of its own: its choices take a fraction of those that are chosen among
    leaked = replace(honest, folds=((validation, test),), time=Time(time.budget))
    _look_ahead(run, honest, watch)
    before = time.budget.spent
    with watch.stage("choose") as advance:
        chosen = _counting(honest, advance, lambda: choose(honest, limits, seed, time))
    spent = time.budget.spent - before
    cheated = None
    with watch.stage("check on the test") as advance:
        # the same steps again, with one fold for each that was measured on
        if time.budget.fits(spent / FOLDS + time.reserve):
            cheated = _counting(leaked, advance, lambda: choose(leaked, limits, seed))
        else:
            time.left_out.append("what choosing on the test itself would have shown")
    return chosen, _selection(run, honest, leaked, chosen, cheated)


def _look_ahead(run: OpenedRun, objective: SelectionObjective, watch: Stopwatch) -> None:
    """Measure one choice, and keep time for the figures on the test.

    Raises:
        Refused: A first look at each block does not fit, by the run's own clock or by that choice.
    """
    time, n = objective.time, len(objective.blocks)
    recorded = recorded_costs(run, objective.name)
    cases = len(objective.users)
    time.slowest = FOLDS * recorded.refit + cases * recorded.case
    _check(time, n + 1)
    time.slowest = 0.0
    with watch.stage("measure what a choice costs") as advance:
        everything: Choice = dict.fromkeys(objective.blocks, STORED)
        _counting(objective, advance, lambda: objective.gains(everything))
    # all blocks, the choice, and blocks that the run has not compared itself
    missing = n - len(of_run(run, objective.name, run.recipe.evaluate.primary))
    time.reserve = (2 + missing) * time.slowest / FOLDS
    _check(time, n)


def _check(time: Time, choices: int) -> None:
    if time.fits(choices):
        return
    ahead, budget = choices * time.slowest + time.reserve, time.budget
    needed = ceil(budget.spent + 1.5 * ahead)
    raise Refused(
        f"a first look at each block takes about {ahead:.0f} s more, and the budget is"
        f" {budget.seconds:g} s",
        where="--budget",
        allowed=f"about {needed} s or more",
        next_step=f"give --budget {needed}, or choose on fewer cases by --cases",
    )


def _few(cases: Cases, most: int, run: OpenedRun) -> Cases:
    room = max(MOST_SCORES // max(run.data.interactions.n_items, 1), 1)
    return sample_cases(cases, min(most, room), run.recipe.seed)


def _objective(run: OpenedRun, folds: tuple[tuple[Cases, Cases], ...]) -> SelectionObjective:
    graph = run.recipe.graph
    name = examined(run)
    if not graph.all_blocks(name):
        raise Refused(
            f'the model "{name}" reads no block of features, so there is nothing to choose',
            where="models",
            next_step='add a block and a "model.blend.v1" that reads it, then run the recipe again',
        )
    training = run.training()
    known: dict[str, Scorer] = {
        m: run.scorer(m) for m in graph.closure(name) if not graph.all_blocks(m)
    }
    plain = spec({"part": "model.popularity.v1"}, "scorer").build().fit(training)
    label = run.recipe.evaluate.primary
    measure: Any = metric(label)
    fixed = frozenset(n for n, block in run.recipe.blocks.items() if block.fuses or block.adapters)
    return SelectionObjective(
        name,
        graph,
        training,
        run.context(),
        known,
        plain,
        folds,
        lambda cases: CasesQuestion(label, cases, measure.per_case),
        fixed,
    )


def _counting(
    objective: SelectionObjective,
    advance: Callable[[int, int | None], None],
    work: Callable[[], T],
) -> T:
    done = 0

    def one_more() -> None:
        nonlocal done
        done += 1
        advance(done, None)

    objective.after_fit = one_more
    return work()


def _selection(
    run: OpenedRun,
    honest: SelectionObjective,
    test: SelectionObjective,
    chosen: Chosen,
    cheated: Chosen | None,
) -> Selection:
    everything: Choice = dict.fromkeys(honest.blocks, STORED)
    whole, ours = (test.value(c) for c in (everything, chosen.choice))
    leaked = None
    if cheated is not None:
        theirs = test.value(cheated.choice)
        leaked = LeakedFigure(theirs.value, theirs.low, theirs.high, _kept(cheated))
    before, after = honest.bytes_per_item(everything), honest.bytes_per_item(chosen.choice)
    share = ours.value / whole.value if whole.value else float("nan")
    label = run.recipe.evaluate.primary
    sentence = (
        f"On {whole.n_users:,} test users: {label} {ours.value:.4f} with {after:,.0f} bytes an"
        f" item, against {whole.value:.4f} with {before:,.0f} ({share:.1%} of it,"
        f" {after / max(before, 1e-9):.0%} of the bytes)."
    )
    if leaked is not None:
        sentence += f" Choosing on the test itself would have shown {leaked.value:.4f}."
    return Selection(
        honest.name,
        label,
        _kept(chosen),
        tuple(
            MoveFacts(
                m.block, m.what, m.loss.value, m.loss.low, m.loss.high, m.why, round(m.bytes, 1)
            )
            for m in chosen.moves
        ),
        Figure(whole.value, whole.low, whole.high),
        Figure(ours.value, ours.low, ours.high),
        leaked,
        share,
        round(before, 1),
        round(after, 1),
        round(honest.milliseconds_per_item(chosen.choice), 4),
        sentence,
        _answers(run, honest, test, chosen, whole.n_users),
        left_out=tuple(honest.time.left_out),
        errors=tuple(f.message for f in run_errors(run)),
    )


def _answers(
    run: OpenedRun,
    honest: SelectionObjective,
    test: SelectionObjective,
    chosen: Chosen,
    n_test: int,
) -> tuple[BlockAnswer, ...]:
    """On the test the run's own comparisons answer; of blocks that it does not compare, this."""
    said = of_run(run, honest.name, run.recipe.evaluate.primary)
    found = losses(honest)
    on_test = {name: row.verdict for name, row in said.items()}
    if set(found) - set(on_test):
        on_test = losses(test) | on_test
    n_users = [len(np.unique(honest.users)), n_test]
    known = [row.n_users for row in said.values() if row.n_users]
    users = [n_users[0], int(known[0]) if known else n_users[1]]
    return block_answers(chosen.choice, found, on_test, users)


def _kept(chosen: Chosen) -> dict[str, str]:
    return {block: codec_name(storage) for block, storage in chosen.choice.items()}
