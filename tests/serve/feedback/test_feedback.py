"""The live log as the next training set: whole, and with the features as they were served."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.serve.feedback.conftest import use
from tests.serve.served.conftest import Keeping

import palate
from palate.cli.main import main
from palate.errors import BadInput
from palate.serve.feedback.feedback import Feedback, FeedbackOptions, feedback
from palate.serve.refusals import Conflict
from palate.serve.served.feature_rows import row_of


def of(keeping: Keeping, run_folder: Path, **options: object) -> tuple[Feedback, Path]:
    keeping.close()
    out = keeping.folder / "next"
    return feedback(run_folder, keeping.folder, out, FeedbackOptions(**options)), out  # type: ignore[arg-type]


def test_bytes_of_features_are_those_that_were_served(keeping: Keeping, run_folder: Path) -> None:
    """No training-serving skew: also of items that came and changed while it served."""
    keeping.client.post("/v1/items", json={"item": "n1", "fields": {"title": "garden rose"}})
    engine, served = keeping.opened.engine, dict[tuple[str, str], bytes]()
    for title in ("garden rose", "planet orbit comet", "bread"):
        keeping.client.patch("/v1/items/n1", json={"fields": {"title": title}})
        answer = keeping.client.post(
            "/v1/rank", json={"user": "u1", "candidates": ["n1", "i1", "i2"]}
        ).json()
        block = engine.view.blocks["words"]
        for item, row in (("n1", 75), ("i1", 1), ("i2", 2)):
            served[answer["request_id"], item] = row_of(block, row).content
    found, out = of(keeping, run_folder)
    rows = pl.read_parquet(out / "features.parquet")
    content = dict(zip(rows["digest"], rows["content"], strict=True))
    shown = pl.read_parquet(out / "impressions.parquet")
    trained = {
        (request, item): content[digest]
        for request, item, digest in shown.select(
            "request_id", "item_id", "features.words"
        ).iter_rows()
    }
    assert trained == served
    assert len({served[key] for key in served if key[1] == "n1"}) == 3
    assert (found.impressions, found.rows, found.uncertain) == (9, 5, 0)
    assert found.changed_rows == 2  # what n1 was before


def test_impressions_say_what_came_of_them(keeping: Keeping, run_folder: Path) -> None:
    answer = keeping.client.post("/v1/recommendations", json={"user": "u1", "k": 3}).json()
    first, second, third = (one["item"] for one in answer["items"])
    attributed = {"user": "u1", "request_id": answer["request_id"]}
    events = [
        {**attributed, "item": first, "action": "impression"},
        {**attributed, "item": second, "action": "view"},
        {**attributed, "item": second, "action": "buy", "value": 5},
        {"user": "u1", "item": third, "action": "buy"},  # not of this list
    ]
    keeping.client.post("/v1/events", json=events)
    found, out = of(keeping, run_folder)
    shown = pl.read_parquet(out / "impressions.parquet")
    assert shown["item_id"].to_list() == [first, second, third]
    assert shown["reported"].to_list() == [True, True, False]
    assert shown["actions"].to_list() == [["impression"], ["view", "buy"], []]
    assert shown["value"].to_list() == [0, 5, 0]
    assert shown["propensity"].to_list() == [1, 1, 1]
    assert shown["score"].to_list() == [one["score"] for one in answer["items"]]
    assert (found.lists, found.answered) == (1, 1)


def test_the_next_run_learns_from_the_files(used: Path, run_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "next"
    found = feedback(run_folder, used, out)
    log = pl.read_parquet(out / "log.parquet")
    old = palate.Run(run_folder)._opened.data.interactions
    assert log.height == len(old) + found.events == found.log_rows
    run = palate.run(recipe=out / "recipe.toml", folder=tmp_path / "run")
    assert set(run.leaderboard()["model"]) >= {"ids", "both"}


def test_who_was_forgotten_is_not_in_it(keeping: Keeping, run_folder: Path) -> None:
    use(keeping, users=3)
    keeping.client.delete("/v1/users/u1")
    keeping.client.delete("/v1/items/i3")
    keeping.client.post("/v1/items", json={"item": "n1", "fields": {"title": "garden"}})
    _, out = of(keeping, run_folder)
    for name in ("log.parquet", "impressions.parquet"):
        users = set(pl.read_parquet(out / name)["user_id"])
        assert "u1" not in users
        assert "u2" in users
    items = pl.read_parquet(out / "items.parquet")["item_id"].to_list()
    assert "i3" not in items
    assert items[-1] == "n1"


def test_what_says_nothing_for_an_item_is_not_learnt_from(
    keeping: Keeping, run_folder: Path
) -> None:
    for action in ("skip", "impression", "view"):
        keeping.client.post("/v1/events", json={"user": "new", "item": "i1", "action": action})
    _, out = of(keeping, run_folder)
    log = pl.read_parquet(out / "log.parquet").filter(pl.col("user_id") == "new")
    assert log["action"].to_list() == ["view"]


def test_with_too_few_users_nothing_is_said(keeping: Keeping, run_folder: Path) -> None:
    use(keeping, users=10)
    found, _ = of(keeping, run_folder)
    assert found.importance.blocks == ()
    assert "10 users in live traffic" in found.importance.why_not


def test_a_block_that_people_no_longer_follow_lost(keeping: Keeping, run_folder: Path) -> None:
    use(keeping, users=60, of_theme=False)
    found, out = of(keeping, run_folder, model="by-words")
    (words,) = found.importance.blocks
    assert words.change == "lost"
    assert words.difference.high < 0
    assert words.run.value > words.live.value
    assert words.difference.value == pytest.approx(words.live.value - words.run.value)
    written = json.loads((out / "feedback.json").read_text())
    assert written["importance"]["blocks"][0]["change"] == "lost"


def test_a_block_that_they_follow_as_before_did_not(used: Path, run_folder: Path) -> None:
    found = feedback(run_folder, used, used / "next", FeedbackOptions("by-words"))
    (words,) = found.importance.blocks
    assert words.change != "lost"
    assert words.live.low > 0
    assert found.importance.live_users == 60
    assert found.importance.live_cases == 180 - found.first - found.repeated


def test_new_items_and_new_people_are_counted(keeping: Keeping, run_folder: Path) -> None:
    keeping.client.post("/v1/items", json={"item": "n1", "fields": {"title": "garden"}})
    done = [("u1", "n1"), ("new", "i1"), ("new", "i2"), ("new", "i1"), ("new", "i3")]
    for user, item in done:
        keeping.client.post("/v1/events", json={"user": user, "item": item, "action": "view"})
    found, _ = of(keeping, run_folder)
    assert (found.unknown_items, found.first, found.repeated) == (1, 1, 1)
    assert found.importance.live_cases == 1  # the latest of somebody whom the run does not know


def test_refusals(keeping: Keeping, run_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(Conflict):
        feedback(run_folder, keeping.folder, tmp_path / "out")
    with pytest.raises(BadInput, match="no log of a service"):
        feedback(run_folder, tmp_path / "nothing", tmp_path / "out")
    with pytest.raises(BadInput, match="boht"):
        feedback(run_folder, keeping.folder, tmp_path / "out", FeedbackOptions("boht"))
    with pytest.raises(BadInput, match="whole lists"):
        feedback(
            run_folder, keeping.folder, tmp_path / "out", FeedbackOptions(metric="coverage@10")
        )
    assert not (tmp_path / "out").exists()


def test_the_command(used: Path, run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["feedback", str(run_folder), "--data", str(used), "--model", "by-words"]
    assert main(words) == 0
    text = capsys.readouterr().out
    assert "60 lists with 600 impressions" in " ".join(text.split())
    assert "words" in text
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["importance"]["model"] == "by-words"
    assert np.isfinite(json.loads((used / "feedback" / "feedback.json").read_text())["rows"])
