"""What a run leaves out for want of time, and what it never does."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import palate
from palate.budget import Budget
from palate.pipeline import within_budget
from palate.pipeline.trial import Trial, run_trial
from palate.pipeline.within_budget import Costs, with_fewer_users, without_ablations
from palate.progress import Stopwatch
from palate.recipe.recipe import Recipe, parse, within
from palate.runs import files
from palate.tables import Dataset

COSTS = Costs(table=20.0, ablations=10.0, needed=5.0)
TABLE: dict[str, Any] = {
    "split": {"part": "split.leave_last_out.v1"},
    "blocks": {
        "title": {"part": "text.tfidf.v1", "fields": ["title"]},
        "genres": {"part": "text.tfidf.v1", "fields": ["genres"]},
    },
    "models": {
        "ids": {"part": "model.cooccurrence.v1"},
        "one": {"part": "model.text_kernel.v2", "block": "title"},
        "two": {"part": "model.text_kernel.v2", "block": "genres"},
        "both": {"part": "model.blend.v1", "members": ["ids", "one", "two"]},
    },
    "evaluate": {"metrics": ["ndcg@10"], "ablation_table": True},
}


@pytest.fixture
def data(frames: tuple[pl.DataFrame, pl.DataFrame]) -> Dataset:
    return palate.read(*frames).data


@pytest.fixture
def recipe() -> Recipe:
    return parse(TABLE, Path())


def kinds(trial: Trial) -> set[str]:
    return {o.variant.kind for o in (*trial.outcomes, *trial.combined)}


@pytest.mark.parametrize(
    ("seconds", "table", "ablations"),
    [(math.inf, True, True), (42.0, True, True), (41.0, False, True), (17.0, False, False)],
)
def test_the_table_goes_first_then_ablations(
    recipe: Recipe, seconds: float, table: bool, ablations: bool
) -> None:
    spared = without_ablations(recipe, COSTS, Budget(seconds, lambda: 0.0))
    evaluate = spared.recipe.evaluate
    assert (bool(evaluate.ablation_table), evaluate.ablations) == (table, ablations)
    assert len(spared.sentences) == (not table) + (not ablations)


def test_nothing_is_said_of_what_was_not_asked_for(recipe: Recipe) -> None:
    spared = without_ablations(recipe, Costs(0.0, 0.0, 9.0), Budget(1.0, lambda: 0.0))
    assert spared.recipe == recipe
    assert not spared.sentences


def test_controls_and_the_fusion_without_features_stay_without_any_time(
    data: Dataset, recipe: Recipe
) -> None:
    whole = run_trial(recipe, data, 0, Stopwatch(), 10)
    assert {"combination", "without"} <= kinds(whole)
    assert not whole.left_out
    late = run_trial(recipe, data, 0, Stopwatch(), 10, Budget(1e-9))
    assert kinds(late) == kinds(whole) - {"combination", "without"}
    assert {"permuted", "random"} <= kinds(late)
    assert (late.recipe.evaluate.ablation_table, late.recipe.evaluate.ablations) == (False, False)
    said = ["Features took", "The ablation table", "Fusions without each"]
    assert [
        sentence[: len(start)] for sentence, start in zip(late.left_out, said, strict=True)
    ] == said


def test_users_are_as_many_as_there_is_time_for(
    data: Dataset, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(within_budget, "FEWEST_USERS", 30)
    monkeypatch.setattr(within_budget, "PROBE", 10)
    split = recipe.split.build().split(data.interactions, 0)
    n_users = split.test.n_users()
    now = [0.0]
    monkeypatch.setattr(within_budget.time, "perf_counter", lambda: now[0])

    def rank(part: Any) -> None:
        assert part.test.n_users() == 10
        now[0] += 1.0  # a tenth of a second a user

    def users(seconds: float) -> int | None:
        spared = with_fewer_users(recipe, split, rank, Budget(seconds, lambda: 0.0))
        said = spared.sentences[0] if spared.sentences else ""
        assert (f"{n_users:,} test users" in said) == (spared.recipe is not recipe)
        return spared.recipe.evaluate.users

    assert users(0.2 * n_users) is None
    assert users(5.0) == 46
    assert users(0.01) == 30
    assert users(math.inf) is None


def test_a_wish_for_few_users_is_kept(data: Dataset, recipe: Recipe) -> None:
    few = replace(recipe, evaluate=replace(recipe.evaluate, users=40))
    split = few.split.build().split(data.interactions, 0)
    assert with_fewer_users(few, split, lambda part: None, Budget(1e-9)).recipe is few


def test_a_budget_holds_for_recipes_that_name_their_models(recipe: Recipe) -> None:
    assert within(recipe, 90.0).budget.seconds == 90.0
    chosen = parse(TABLE | {"choose": {"seconds": 10.0}}, Path())
    limited = within(chosen, 90.0)
    assert limited.choose is not None
    assert limited.choose.seconds is None
    assert parse(limited.resolved(), Path()) == limited


def test_a_run_says_what_it_left_out(
    tmp_path: Path, frames: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    made = palate.run(palate.read(*frames), TABLE, folder=tmp_path / "run", budget__seconds=0.001)
    warnings = files.SUMMARY.read(made.folder).warnings
    assert warnings[0].startswith("Features took 0 of the 0 s of the budget")
    assert [w for w in warnings if "for want of time" in w] == list(warnings[1:])
    assert len(warnings) == 3
    assert made.recipe.evaluate.ablations is False
    assert "for want of time" in (made.folder / "report.html").read_text(encoding="utf-8")


def test_what_is_left_after_slow_encoding_is_enough_for_a_choice() -> None:
    now = [0.0]
    budget = Budget(100.0, lambda: now[0])
    now[0] = 25.0
    assert budget.with_at_least(0.7) is budget
    now[0] = 250.0
    assert budget.with_at_least(0.7).left == 70.0
    endless = Budget(math.inf, lambda: now[0])
    assert endless.with_at_least(0.7) is endless
