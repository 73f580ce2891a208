"""A finished run -> a recipe with the blocks that earn their place, chosen without a look at the
test.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from palate import store
from palate.errors import BadInput, Refused
from palate.evaluate.names import metric
from palate.explain.importance.caution import FEWEST_USERS
from palate.perturbation.problems import sample_cases
from palate.perturbation.questions import CasesQuestion
from palate.progress import Progress, Silent, Stopwatch
from palate.recipe import graph
from palate.recipe.graph import headline_model
from palate.registry import spec
from palate.runs.open import OpenedRun, open_run
from palate.stages import Scorer
from palate.study.selection.choose import Chosen, Limits, choose
from palate.study.selection.objective import Choice, SelectionObjective, parted
from palate.study.selection.selected_recipe import selected_recipe
from palate.tables import Cases

MOST_SCORES = 50_000_000
"""Scores of one answer: more cases than fit are sampled."""


def select(
    folder: Path,
    out: Path,
    limits: Limits | None = None,
    cases: int = 4000,
    progress: Progress | None = None,
    *,
    force: bool = False,
) -> dict[str, Any]:
    """Choose blocks on the validation cases, and write the recipe that keeps only those.

    Args:
        folder: A finished run.
        out: The recipe to write.
        limits: What the choice must keep to.
        cases: Most validation cases, and most test cases for the check afterwards.
        progress: Told what happens.
        force: Write over a file that is there.

    Returns:
        {model, metric, kept, moves, honest, leaked, all, share_kept, bytes, bytes_before, recipe}.

    Raises:
        BadInput: There is no run, or `out` is there already.
        Refused: The run's models read no block, or there are fewer than 50 validation users.
    """
    if out.exists() and not force:
        raise BadInput(
            "the file is there already", where=str(out), next_step="use --force, or another --out"
        )
    watch = Stopwatch(progress or Silent())
    with watch.stage("open the run"):
        run = open_run(folder)
    chosen, facts = selected(run, limits or Limits(), cases, watch)
    told = [f"{m['block']}: {m['what']}. {m['why']}" for m in facts["moves"]] or [
        "Every block earns its place as it is."
    ]
    store.write_text(
        out, selected_recipe(run.recipe, facts["model"], chosen.choice, [*told, facts["sentence"]])
    )
    return {**facts, "recipe": str(out)}


def selected(
    run: OpenedRun, limits: Limits, most: int, watch: Stopwatch
) -> tuple[Chosen, dict[str, Any]]:
    """Choose, and measure the choice on the test: as it should be done, and as it should not.

    Args:
        run: A finished run.
        limits: What the choice must keep to.
        most: Cases to choose on, and to measure on.
        watch: Times the stages.

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
    honest = _judge(run, parted(validation, seed))
    leaked = replace(honest, folds=((validation, _few(run.split.test, most, run)),))
    with watch.stage("choose") as advance:
        chosen = _counting(honest, advance, lambda: choose(honest, limits, seed))
    with watch.stage("check on the test") as advance:
        cheated = _counting(leaked, advance, lambda: choose(leaked, limits, seed))
    return chosen, _facts(run, honest, leaked, chosen, cheated)


def _few(cases: Cases, most: int, run: OpenedRun) -> Cases:
    room = max(MOST_SCORES // max(run.data.interactions.n_items, 1), 1)
    return sample_cases(cases, min(most, room), run.recipe.seed)


def _judge(run: OpenedRun, folds: tuple[tuple[Cases, Cases], ...]) -> SelectionObjective:
    name, models = headline_model(run.recipe.models), run.recipe.models
    if not graph.all_blocks(name, models):
        raise Refused(
            f'the model "{name}" reads no block of features, so there is nothing to choose',
            where="models",
            next_step='add a block and a "model.blend.v1" that reads it, then run the recipe again',
        )
    training = run.training()
    known: dict[str, Scorer] = {
        m: run.scorer(m) for m in models if not graph.all_blocks(m, models) and _used(m, name, run)
    }
    plain = spec({"part": "model.popularity.v1"}, "scorer").build().fit(training)
    label = run.recipe.evaluate.primary
    measure: Any = metric(label)
    fixed = frozenset(n for n, block in run.recipe.blocks.items() if block.fuses or block.adapters)
    return SelectionObjective(
        name,
        models,
        training,
        run.context(),
        known,
        plain,
        folds,
        lambda cases: CasesQuestion(label, cases, measure.per_case),
        fixed,
    )


def _used(member: str, name: str, run: OpenedRun) -> bool:
    inner = graph.members(run.recipe.models[name])
    return member == name or any(_used(member, m, run) for m in inner)


def _counting(judge: SelectionObjective, advance: Any, work: Any) -> Chosen:
    done = 0

    def one_more() -> None:
        nonlocal done
        done += 1
        advance(done, None)

    judge.told = one_more
    found: Chosen = work()
    return found


def _facts(
    run: OpenedRun,
    honest: SelectionObjective,
    test: SelectionObjective,
    chosen: Chosen,
    cheated: Chosen,
) -> dict[str, Any]:
    everything: Choice = dict.fromkeys(honest.blocks, "")
    whole, ours, theirs = (test.value(c) for c in (everything, chosen.choice, cheated.choice))
    before, after = honest.bytes_per_item(everything), honest.bytes_per_item(chosen.choice)
    share = ours.value / whole.value if whole.value else float("nan")
    label = run.recipe.evaluate.primary
    return {
        "model": honest.name,
        "metric": label,
        "kept": dict(chosen.choice),
        "moves": [
            {
                "block": m.block,
                "what": m.what,
                "loss": m.loss.value,
                "low": m.loss.low,
                "high": m.loss.high,
                "why": m.why,
                "bytes": round(m.bytes, 1),
            }
            for m in chosen.moves
        ],
        "all": _estimate(whole),
        "honest": _estimate(ours),
        "leaked": {**_estimate(theirs), "kept": dict(cheated.choice)},
        "share_kept": share,
        "bytes_before": round(before, 1),
        "bytes": round(after, 1),
        "milliseconds": round(honest.milliseconds_per_item(chosen.choice), 4),
        "sentence": (
            f"On {whole.n_users:,} test users: {label} {ours.value:.4f} with {after:,.0f} bytes an"
            f" item, against {whole.value:.4f} with {before:,.0f} ({share:.1%} of it,"
            f" {after / max(before, 1e-9):.0%} of the bytes). Choosing on the test itself would"
            f" have shown {theirs.value:.4f}."
        ),
    }


def _estimate(found: Any) -> dict[str, float]:
    return {"value": found.value, "low": found.low, "high": found.high}
