"""What is chosen: never something that a simpler model beats, never by the test part, within the
budget.
"""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from palate.budget import Budget
from palate.choose.attempts import Attempts, Candidate
from palate.choose.choice import rising_beside, seconds_of, simplest_of_the_best
from palate.choose.portfolio import Family
from palate.choose.validation import Validation, sampled
from palate.data.assemble import read_frames
from palate.data.settings import DataSettings
from palate.errors import BadRecipe
from palate.pipeline.trial import Trial, run_trial
from palate.progress import Stopwatch
from palate.recipe.propose import guessed_recipe
from palate.recipe.recipe import parse
from palate.recipe.settings import ChooseSettings
from palate.registry import spec
from palate.seeding import generator
from palate.stages import FitContext
from palate.tables import Dataset, FeatureTable, Training
from palate.testing.scorer import made_training

Frames = tuple[pl.DataFrame, pl.DataFrame]
CHEAP = ("popularity", "recent-popularity", "cooccurrence", "item-knn", "ease")


def candidate(name: str, simplicity: int, values: list[float]) -> Candidate:
    one = spec({"part": "model.popularity.v1"}, "scorer")
    return Candidate(name, one, simplicity, np.array(values), None, 0)


def chosen(data: Dataset, **choose: Any) -> Trial:
    table = guessed_recipe(data)
    blocks = {n: b for n, b in table["blocks"].items() if n == "text.tfidf"}
    settings = {"seconds": 60.0, "families": list(CHEAP), "second_stage": False, **choose}
    evaluate = {"metrics": ["ndcg@10"], "controls": False, "ablations": False}
    table |= {"blocks": blocks, "choose": settings, "evaluate": evaluate}
    return run_trial(parse(table, Path()), data, 0, Stopwatch(), 20)


def data_of(frames: Frames) -> Dataset:
    return read_frames(frames[0], frames[1], None, DataSettings())


def test_the_simplest_of_equally_good_models_is_taken() -> None:
    values = [0.0, 1.0, 0.0, 1.0] * 25
    nearly = [*values[:-2], 0.6, 0.3]
    better = [v + 0.5 for v in values]
    simple, fancy = candidate("simple", 0, nearly), candidate("fancy", 9, values)
    assert simplest_of_the_best([fancy, simple]) is simple
    clear = candidate("clear", 9, better)
    assert simplest_of_the_best([clear, simple]) is clear


def test_the_run_names_what_was_chosen_and_leaves_nothing_to_choose(frames: Frames) -> None:
    trial = chosen(data_of(frames))
    recipe, choice = trial.recipe, trial.choice
    assert choice is not None
    assert recipe.choose is None
    assert recipe.evaluate.best == choice.best in recipe.models
    assert "popularity" in recipe.models
    assert [a.model for a in choice.attempts if a.outcome == "best"] == [choice.best]
    assert {"ids", "ids+features", "kernel-text.tfidf"} <= set(recipe.models)
    again = parse(recipe.resolved(), Path())
    assert again.models == recipe.models
    assert {o.variant.name for o in trial.outcomes if o.variant.role == "model"} == set(
        recipe.models
    )


def test_nothing_that_popularity_beats_is_taken() -> None:
    rng = generator(5, "tests", "nothing but popularity")
    weights = 1 / np.arange(1, 41)
    rows = [
        (f"u{u}", f"i{i}", 1000 * u + t)
        for u in range(300)
        for t, i in enumerate(rng.choice(40, 6, replace=False, p=weights / weights.sum()))
    ]
    log = pl.DataFrame(rows, schema=["user_id", "item_id", "timestamp"], orient="row")
    trial = chosen(read_frames(log, None, None, DataSettings()))
    assert trial.choice is not None
    values = {a.model: a.value for a in trial.choice.attempts if a.outcome in ("best", "kept")}
    taken, popularity = values[trial.choice.best], values["popularity"]
    assert taken is not None
    assert popularity is not None
    assert taken >= popularity - 0.01


def test_what_the_budget_had_no_time_for_is_told(frames: Frames) -> None:
    trial = chosen(data_of(frames), seconds=0.001)
    assert trial.choice is not None
    assert any(a.outcome == "no time" for a in trial.choice.attempts)
    assert any("--budget" in sentence for sentence in trial.choice.sentences)
    assert trial.choice.best in trial.recipe.models


def test_features_have_their_turn_however_short_the_budget(frames: Frames) -> None:
    trial = chosen(data_of(frames), seconds=0.001)
    assert trial.choice is not None
    late = {a.model for a in trial.choice.attempts if a.outcome == "no time"}
    kernels = [m for m in trial.recipe.models if m.startswith("kernel-")]
    assert kernels
    assert late.issuperset(kernels)  # their second way had no time
    assert trial.recipe.graph.fusions()


def test_the_test_part_has_no_say(frames: Frames) -> None:
    data = data_of(frames)
    first = chosen(data)
    log = data.interactions
    last = np.zeros(len(log), np.bool_)
    order = log.in_time_order()
    for user in range(log.n_users):
        last[order[log.user[order] == user][-1]] = True
    rng = generator(1, "tests", "other targets")
    other = np.where(last, rng.integers(0, log.n_items, len(log)), log.item).astype(np.int32)
    second = chosen(dataclasses.replace(data, interactions=dataclasses.replace(log, item=other)))
    assert first.choice is not None
    assert second.choice is not None
    figures = [
        [(a.model, a.settings, a.value, a.outcome) for a in trial.choice.attempts]
        for trial in (first, second)
        if trial.choice is not None
    ]
    assert figures[0] == figures[1]


def test_without_validation_cases_nothing_is_claimed(frames: Frames) -> None:
    data = data_of(
        (frames[0].filter(pl.col("user_id").is_in([f"u{n}" for n in range(9)])), frames[1])
    )
    trial = chosen(data)
    assert trial.choice is not None
    assert trial.choice.best == "popularity"
    assert "nothing was tried" in trial.choice.sentences[0]


def test_a_sample_has_whole_users_and_about_as_many_events(frames: Frames) -> None:
    log = data_of(frames).interactions
    training = Training(log, FeatureTable(log.items), None)  # type: ignore[arg-type]
    small = sampled(training, 200, seed=0).log
    assert 150 < len(small) <= 200
    events = np.bincount(log.user)
    assert all(np.bincount(small.user)[u] == events[u] for u in np.unique(small.user))
    assert sampled(training, len(log), seed=0) is training


def test_a_clock_knows_what_fits() -> None:
    now = [0.0]
    budget = Budget(10.0, lambda: now[0])
    assert budget.fits(10.0)
    now[0] = 6.0
    assert not budget.fits(5.0)
    assert not budget.fits(0.0, share=0.5)


def test_a_choice_has_a_share_of_what_is_left_of_the_run() -> None:
    whole = Budget(100.0, lambda: 0.0)
    assert seconds_of(ChooseSettings(), whole) == 45.0
    assert seconds_of(ChooseSettings(seconds=10.0), whole) == 10.0
    assert seconds_of(ChooseSettings(seconds=90.0), whole) == 45.0
    assert seconds_of(ChooseSettings(), Budget(math.inf)) == 300.0
    assert seconds_of(ChooseSettings(seconds=10.0), Budget(math.inf)) == 10.0


def test_an_unknown_best_model_is_refused(table: dict[str, Any]) -> None:
    table["evaluate"]["best"] = "bothh"
    with pytest.raises(BadRecipe, match='no model "bothh"'):
        parse(table, Path())


def test_a_model_of_the_recipe_competes_as_it_stands(frames: Frames) -> None:
    data = data_of(frames)
    table = guessed_recipe(data) | {
        "blocks": {},
        "choose": {"families": ["popularity", "ease"], "second_stage": False},
        "models": {"ease": {"part": "model.ease.v1", "l2": 77.0}},
        "evaluate": {"metrics": ["ndcg@10"]},
    }
    trial = run_trial(parse(table, Path()), data, 0, Stopwatch(), 20)
    assert trial.choice is not None
    tried = [(a.model, a.part, a.settings) for a in trial.choice.attempts if a.rung == "all"]
    assert [t for t in tried if t[0] == "ease"] == [("ease", "model.ease.v1", "l2 77.0")]
    assert trial.recipe.models["ease"].settings.l2 == 77.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"choose": {"families": ["eese"]}}, 'no family "eese"'),
        ({"models": {"ids": {"part": "model.ease.v1"}}}, '"ids" is what a model that is chosen'),
    ],
)
def test_what_cannot_be_chosen_is_refused(
    frames: Frames, change: dict[str, Any], message: str
) -> None:
    data = data_of(frames)
    table = guessed_recipe(data) | {"blocks": {}} | change
    with pytest.raises(BadRecipe, match=message):
        run_trial(parse(table, Path()), data, 0, Stopwatch(), 20)


def test_a_user_of_more_events_than_the_sample_is_a_sample(frames: Frames) -> None:
    log = data_of(frames).interactions
    training = Training(log, FeatureTable(log.items), None)  # type: ignore[arg-type]
    assert len(np.unique(sampled(training, 1, seed=0).log.user)) == 1


def test_what_is_on_the_rise_is_among_the_models_however_it_did_on_the_sample() -> None:
    training = made_training()
    validation = Validation.of(training, FitContext(seed=1), "ndcg@10", 100)
    rising = Family("recent-popularity", "model.recent_popularity.v2", ({}, {"half_life": 0.03}), 1)
    own = Family("recent-popularity", "model.popularity.v1", ({},), 1)
    attempts = Attempts()
    found = rising_beside([candidate("ease", 3, [1.0])], [rising], validation, attempts)
    assert [one.name for one in found] == ["recent-popularity"]
    assert attempts.rows[-1].n_cases == len(validation)
    assert rising_beside(found, [rising], validation, attempts) == []
    assert rising_beside([], [], validation, attempts) == []
    assert rising_beside([], [own], validation, attempts) == []
