"""A recipe over a log with actions: values by action, users by action, and what a run keeps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from palate.pipeline.run import run
from palate.recipe.recipe import parse
from palate.runs.open import open_run


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory, frames: tuple[pl.DataFrame, pl.DataFrame]
) -> Path:
    """A finished run over files: what a user likes was bought, the rest only looked at."""
    place = tmp_path_factory.mktemp("events")
    log, items = frames
    theme = pl.col("item_id").str.strip_prefix("i").cast(pl.Int64) % 5
    bought = theme == pl.col("user_id").str.strip_prefix("u").cast(pl.Int64) % 5
    log.with_columns(
        event_type=pl.when(bought).then(pl.lit("buy")).otherwise(pl.lit("view")),
        request_id=pl.format("r{}", pl.col("timestamp") // 3),
        slot=pl.col("timestamp") % 3 + 1,
        propensity=1 / (2 + pl.col("timestamp") % 3),
        device=pl.lit("phone"),
    ).write_csv(place / "log.csv")
    items.write_parquet(place / "items.parquet")
    recipe: dict[str, Any] = {
        "name": "events",
        "seed": 3,
        "data": {
            "interactions": "log.csv",
            "items": "items.parquet",
            "action_values": {"view": 1, "buy": 5},
            "context_columns": ["device"],
        },
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {"text.words": {"part": "text.hashing.v1", "dims": 64, "fields": ["title"]}},
        "users": {
            "mean": {"part": "behaviour.pooled.v1", "actions": ["view", "buy"]},
            "told": {
                "part": "behaviour.tokens.v1",
                "action_words": {"buy": "bought"},
                "tokens": 60,
            },
        },
        "models": {
            "popularity": {"part": "model.popularity.v1"},
            "two": {"part": "model.two_sided.v1", "users": ["mean", "told"]},
        },
        "evaluate": {"metrics": ["ndcg@10"]},
    }
    run(parse(recipe, place, "events"), place / "run")
    return place / "run"


@pytest.mark.integration
def test_values_and_actions_of_the_data(folder: Path) -> None:
    data = json.loads((folder / "data.json").read_text())
    actions = data["actions"]
    assert set(actions) == {"view", "buy"}
    assert data["values"] == {"counts": {"1": actions["view"], "5": actions["buy"]}}
    assert any("counts by its action: view = 1, buy = 5" in said for said in data["guesses"])
    assert [f for f in data["findings"] if f["severity"] == "error"] == []


@pytest.mark.integration
def test_users_by_action_help(folder: Path) -> None:
    rows = json.loads((folder / "leaderboard.json").read_text())
    value = {
        r["model"]: r["value"] for r in rows if r["metric"] == "ndcg@10" and r["slice"] == "all"
    }
    assert value["two"] > 1.5 * value["popularity"]


@pytest.mark.integration
def test_the_run_keeps_every_column(folder: Path) -> None:
    opened = open_run(folder)
    log = opened.data.interactions
    told = pl.read_csv(folder.parent / "log.csv")
    frame = log.frame()
    assert frame["action"].to_list() == told["event_type"].to_list()
    assert frame["request_id"].to_list() == told["request_id"].to_list()
    assert frame["list_position"].to_list() == told["slot"].to_list()
    assert frame["propensity"].to_list() == told["propensity"].cast(pl.Float32).to_list()
    assert frame["device"].to_list() == told["device"].to_list()
    histories = opened.split.test.open("inspect").histories
    assert histories.actions is not None
    # the mean of each action is taken over the same events as in the run
    assert opened.scorer("two").score(histories).any()
