"""User encoders in recipes: named, fitted, used by models, stored and used again."""

from __future__ import annotations

import json

import numpy as np
import pytest

import palate
from palate.errors import BadRecipe, SeveralProblems
from palate.recipe.recipe import parse
from palate.runs.open import open_run
from palate.tables import Histories


@pytest.fixture
def with_users(table):
    return {
        **table,
        "blocks": {"text.words": {"part": "text.hashing.v1", "dims": 64, "fields": ["title"]}},
        "users": {
            "told": {"part": "behaviour.tokens.v1", "block": "text.words", "tokens": 40},
            "mean": {"part": "behaviour.pooled.v1", "half_life_events": 3},
        },
        "models": {
            "popularity": {"part": "model.popularity.v1"},
            "ids": {"part": "model.cooccurrence.v1"},
            "two": {"part": "model.two_sided.v1", "users": ["told", "mean"]},
            "all": {"part": "model.blend.v1", "members": ["ids", "two"]},
        },
        "evaluate": {"metrics": ["ndcg@10"]},
    }


def test_a_recipe_with_user_encoders_runs_and_answers_later(with_users, frames, tmp_path):
    folder = tmp_path / "run"
    run = palate.run(palate.read(*frames), with_users, folder=folder)
    rows = json.loads((folder / "leaderboard.json").read_text())
    value = {
        r["model"]: r["value"] for r in rows if r["metric"] == "ndcg@10" and r["slice"] == "all"
    }
    assert value["two"] > 1.5 * value["popularity"]
    assert value["all~permuted"] < value["all"]
    first = run.recommend("u1", 5, "two")
    again = palate.Run(folder) if hasattr(palate, "Run") else run
    assert again.recommend("u1", 5, "two").equals(first)
    assert again.recommend("u1", 5, "all").height == 5


def test_loaded_the_model_scores_strangers_as_before(with_users, frames, tmp_path):
    from palate.pipeline.run import run
    from palate.pipeline.trial import run_trial
    from palate.progress import Stopwatch

    recipe = parse(with_users, tmp_path, "x")
    data = palate.read(*frames).data
    run(recipe, tmp_path / "run", data)
    trial = run_trial(recipe, data, recipe.seed, Stopwatch(), 10)
    loaded = open_run(tmp_path / "run").scorer("all")
    histories = trial.split.test.open("inspect").histories
    strangers = Histories(
        np.full(len(histories), -1, np.int32), histories.items, histories.values, histories.times
    )
    for asked in (histories, strangers):
        assert loaded.score(asked).tobytes() == trial.scorers["all"].score(asked).tobytes()


def test_no_target_is_in_the_text(with_users, frames, tmp_path):
    from palate.pipeline.trial import run_trial
    from palate.progress import Stopwatch

    recipe = parse(with_users, tmp_path, "x")
    data = palate.read(*frames).data
    trial = run_trial(recipe, data, recipe.seed, Stopwatch(), 10)
    told = trial.users["told"].texts(trial.split.test.open("inspect").histories)
    titles = data.catalogue.column("title").to_list()
    assert len(told) == len(trial.split.test.open("inspect")) > 50
    for text, case in zip(told, range(len(told)), strict=True):
        said = [t.split(",")[0] for t in text.split("; ")]
        assert not {titles[i] for i in trial.split.test.open("inspect").targets[case]} & set(said)
        assert said[-1] == titles[trial.split.test.open("inspect").histories.items[case][-1]]


def test_the_recipe_comes_back_as_it_was(with_users, tmp_path):
    recipe = parse(with_users, tmp_path)
    assert parse(recipe.resolved(), tmp_path) == recipe
    assert recipe.graph.own_blocks("two") == ("text.words",)
    assert (
        "users"
        not in parse(
            {**with_users, "users": {}, "models": {"p": {"part": "model.popularity.v1"}}}, tmp_path
        ).resolved()
    )


def test_names_that_do_not_exist_are_told_together(with_users, tmp_path):
    with_users["users"]["told"]["block"] = "text.wrods"
    with_users["models"]["two"]["users"] = ["tolt"]
    with pytest.raises(SeveralProblems, match=r'no block "text\.wrods"') as info:
        parse(with_users, tmp_path)
    assert 'did you mean "told"' in str(info.value)
    with pytest.raises((BadRecipe, SeveralProblems), match="user_encoder"):
        parse({**with_users, "users": {"x": {"part": "model.ease.v1"}}}, tmp_path)


def test_a_finished_run_can_be_asked_what_its_blocks_are_worth(with_users, frames, tmp_path):
    palate.run(palate.read(*frames), with_users, folder=tmp_path / "run")
    again = open_run(tmp_path / "run")
    assert set(again.context().users) == {"told", "mean"}
    fresh = again.recipe.models["two"].build().fit(again.training(), again.context())
    stored = again.scorer("two")
    histories = again.split.test.open("inspect").histories
    assert np.allclose(fresh.score(histories), stored.score(histories), atol=1e-5)
