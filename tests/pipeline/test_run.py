from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import palate
from palate.errors import BadInput, PalateError
from palate.pipeline.run import run
from palate.recipe.recipe import parse
from palate.report.headline import summary
from palate.runs.rows import Comparison, Score
from palate.store import digest_file
from palate.tables.variant import Variant

PROMISED = (
    "recipe.toml",
    "data.json",
    "leaderboard.json",
    "comparisons.json",
    "importance.json",
    "timings.json",
    "report.html",
)


@pytest.fixture(scope="module")
def opened(
    tmp_path_factory: pytest.TempPathFactory, frames: tuple[pl.DataFrame, pl.DataFrame]
) -> palate.Run:
    """One finished run."""
    table = {
        "name": "small",
        "seed": 3,
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {
            "text.tfidf": {"part": "text.tfidf.v1", "fields": ["title", "plot?"]},
            "structured": {"part": "structured.fields.v1", "fields": ["price"]},
        },
        "models": {
            "popularity": {"part": "model.popularity.v1"},
            "ids": {"part": "model.cooccurrence.v1"},
            "words": {"part": "model.text_kernel.v1", "block": "text.tfidf"},
            "price": {"part": "model.text_kernel.v1", "block": "structured"},
            "ids+words": {"part": "model.blend.v1", "members": ["ids", "words"]},
            "all": {"part": "model.blend.v1", "members": ["ids", "words", "price"]},
        },
        "evaluate": {
            "metrics": ["ndcg@10", "recall@10", "coverage@10", "novelty@10", "auc"],
            "seeds": 2,
        },
        "report": {"users": 3, "k": 4},
        "protocol": {
            "name": "p",
            "bars": [{"model": "BPR", "metric": "ndcg@10", "value": 0.2, "source": "s"}],
        },
    }
    folder = tmp_path_factory.mktemp("runs") / "small"
    return palate.run(palate.read(*frames), table, folder=folder)


@pytest.mark.integration
def test_the_promised_files_are_there(opened: palate.Run) -> None:
    assert [name for name in PROMISED if not (opened.folder / name).is_file()] == []
    assert (opened.folder / "features" / "text.tfidf" / "manifest.json").is_file()
    assert (opened.folder / "models" / "all" / "manifest.json").is_file()


@pytest.mark.integration
def test_leaderboard_has_every_model_control_and_bar(opened: palate.Run) -> None:
    board = opened.leaderboard()
    assert set(board["kind"]) == {"model", "control", "ablation", "published"}
    names = set(board["model"])
    assert {
        "popularity",
        "all",
        "all~permuted",
        "all~random",
        "ids+words~random",
        "all-without-text.tfidf",
        "BPR",
    } <= names
    ours = board.filter(pl.col("kind") != "published")
    inside = ours.filter(pl.col("low").is_not_null())
    assert (inside["low"] <= inside["value"] + 1e-9).all()
    assert (inside["value"] <= inside["high"] + 1e-9).all()


@pytest.mark.integration
def test_words_help_in_a_world_where_words_matter_and_controls_do_not(opened: palate.Run) -> None:
    rows = opened.comparisons().filter(pl.col("slice") == "all")
    lift = rows.filter((pl.col("purpose") == "lift") & (pl.col("a") == "ids+words"))
    assert lift["difference"].item() > 0
    control = rows.filter((pl.col("purpose") == "control") & (pl.col("a") == "ids+words~permuted"))
    assert abs(control["difference"].item()) < lift["difference"].item() / 2


@pytest.mark.integration
def test_recommendations_leave_the_history_out(
    opened: palate.Run, frames: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    for model in ("", "popularity", "words"):
        found = opened.recommend(user="u3", k=7, model=model)
        assert found.columns == ["user_id", "item_id", "title", "score", "rank"]
        assert found["rank"].to_list() == list(range(1, 8))
        assert not set(found["item_id"]) & set(
            frames[0].filter(pl.col("user_id") == "u3")["item_id"]
        )


@pytest.mark.integration
@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"user": "u999"}, "u999"), ({"k": 0}, "k is 0"), ({"model": "wrods"}, 'mean "words"')],
)
def test_recommendations_refuse_what_they_do_not_know(
    opened: palate.Run, wrong: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        opened.recommend(**{"user": "u3", **wrong})


@pytest.mark.integration
def test_reasons_are_events_of_the_history(opened: palate.Run) -> None:
    told = json.loads((opened.folder / "recommendations.json").read_text())
    assert told["model"] == opened.summary.best_model
    assert len(told["users"]) == 3
    with_reasons = 0
    for user in told["users"]:
        for item in user["items"]:
            assert item["title"].split()[0]
            shares = [r["share"] for r in item["reasons"]]
            assert all(0 < s <= 1 for s in shares)
            assert sum(shares) <= 1 + 1e-9
            with_reasons += bool(shares)
    assert with_reasons


@pytest.mark.integration
def test_pandas_in_pandas_out(
    tmp_path: Path, frames: tuple[pl.DataFrame, pl.DataFrame], table: dict[str, Any]
) -> None:
    pd = pytest.importorskip("pandas")
    log = pd.DataFrame({c: frames[0][c].to_list() for c in frames[0].columns})
    opened = palate.run(
        palate.read(log),
        {**table, "blocks": {}, "models": {"p": {"part": "model.popularity.v1"}}},
        folder=tmp_path,
    )
    assert type(opened.leaderboard()).__module__.startswith("pandas")
    assert "no model uses features" in opened.summary.headline


@pytest.mark.integration
def test_the_same_recipe_gives_the_same_bytes(
    tmp_path: Path, frames: tuple[pl.DataFrame, pl.DataFrame], table: dict[str, Any]
) -> None:
    for name in ("a", "b"):
        run(parse(table, tmp_path), tmp_path / name, palate.read(*frames).data)
    for file in ("comparisons.json", "recommendations.json"):
        assert digest_file(tmp_path / "a" / file) == digest_file(tmp_path / "b" / file)
    for file in ("leaderboard.json", "importance.json"):
        a, b = (
            [{**r, "seconds": 0} for r in json.loads((tmp_path / n / file).read_text())]
            for n in "ab"
        )
        assert a == b


@pytest.mark.integration
def test_repetitions_in_processes_equal_those_here(
    tmp_path: Path, frames: tuple[pl.DataFrame, pl.DataFrame], table: dict[str, Any]
) -> None:
    table["evaluate"] |= {"seeds": 2, "controls": False, "ablations": False}
    table["split"] = {"part": "split.ratio.v1"}
    for kind in ("inline", "processes"):
        run(
            parse({**table, "execute": {"kind": kind, "workers": 1}}, tmp_path),
            tmp_path / kind,
            palate.read(*frames).data,
        )
    assert digest_file(tmp_path / "inline" / "comparisons.json") == digest_file(
        tmp_path / "processes" / "comparisons.json"
    )


@pytest.mark.parametrize(
    ("split", "severity"), [("split.ratio.v1", "note"), ("split.leave_last_out.v1", "warning")]
)
def test_no_order_is_warned_of_where_the_split_goes_by_order(
    split: str, severity: str, tmp_path: Path
) -> None:
    items = np.sort(np.random.default_rng(0).integers(10, 40, (30, 5)), axis=1).ravel()
    log = pl.DataFrame({"user_id": np.repeat(np.arange(30), 5), "item_id": items})
    recipe = {
        "split": {"part": split},
        "models": {"popularity": {"part": "model.popularity.v1"}},
        "evaluate": {"metrics": ["ndcg@10"]},
    }
    run(parse(recipe, tmp_path), tmp_path / "run", palate.read(log).data)
    written = json.loads((tmp_path / "run" / "data.json").read_text())["findings"]
    assert [f["severity"] for f in written if f["code"] == "no-order"] == [severity]


@pytest.mark.integration
def test_a_recipe_is_guessed_for_plain_frames(
    tmp_path: Path, frames: tuple[pl.DataFrame, pl.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    items = frames[1].select("item_id", "genres")
    opened = palate.run(palate.read(frames[0], items), evaluate__seeds=1)
    assert opened.folder == Path("runs/run")
    assert "text.tfidf" in opened.recipe.blocks
    assert opened.report(browser=False).is_file()


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no run here"):
        palate.Run(tmp_path)


def test_an_unfinished_run_says_so(tmp_path: Path, table: dict[str, Any]) -> None:
    (tmp_path / "recipe.toml").write_text(parse(table, tmp_path).toml())
    with pytest.raises(BadInput, match="no finished run here"):
        palate.Run(tmp_path).leaderboard()
    assert "run.json is missing" in palate.Run(tmp_path).unfinished


def test_neither_data_nor_recipe() -> None:
    with pytest.raises(PalateError, match="neither data nor a recipe"):
        palate.run()


def test_a_control_that_gains_withdraws_the_headline(table: dict[str, Any]) -> None:
    recipe = parse(table, Path())
    ids, both, noise = Variant("ids"), Variant("both"), Variant("both", "random", ("text.tfidf",))
    board = [
        Score(v.name, "all", "ndcg@10", value, None, None, 9, 1.0, "model", v)
        for v, value in ((ids, 0.1), (both, 0.2))
    ]
    names, numbers = ("both", "ids", "ndcg@10", "all"), (0.1, 0.01, 0.2, 0.95, 0.001, 0.001, 9)
    lift = Comparison(*names, *numbers, "lift", both, ids)
    control = replace(lift, a=noise.name, a_variant=noise, difference=0.05, purpose="control")
    quiet = replace(control, difference=0.0, low=-0.01, high=0.01, p_adjusted=1.0)

    def headline(*rows: Comparison) -> str:
        return summary(recipe, board, rows, []).headline

    assert headline(lift, control).startswith("Not evidence: both with random vectors")
    assert headline(lift, quiet).startswith("The features raise")
    tiny = replace(control, difference=0.0009, low=0.0001, high=0.001)
    assert headline(lift, tiny).startswith("The features raise")
    none = replace(lift, difference=0.001, low=-0.01, high=0.01, p_adjusted=1.0)
    assert headline(none, quiet).startswith("No evidence")
    worse = replace(lift, difference=-0.05, low=-0.06, high=-0.04)
    assert headline(worse, quiet).startswith("The features lower")


def test_users_are_averaged_before_they_are_compared() -> None:
    from palate.pipeline.measure import _means, _sums

    per_case = np.array([1.0, 0.0, np.nan, 0.5])
    units = np.array([0, 0, 1, 2])
    means = _means([_sums(per_case, units, 3)])
    assert means[0] == 0.5
    assert np.isnan(means[1])
    assert means[2] == 0.5


@pytest.mark.integration
def test_new_items_are_measured_in_a_trial_of_their_own(
    tmp_path: Path, frames: tuple[pl.DataFrame, pl.DataFrame], table: dict[str, Any]
) -> None:
    table["evaluate"] |= {"new_items": 0.15}
    table["models"]["genres"] = {"part": "model.text_kernel.v1", "block": "genres"}
    table["blocks"]["genres"] = {"part": "text.tfidf.v1", "fields": ["genres"]}
    table["models"]["both"]["members"] = ["ids", "words", "genres"]
    opened = palate.run(palate.read(*frames), table, folder=tmp_path / "r")
    rows = opened.comparisons().filter(pl.col("slice") == "new items")
    lift = rows.filter(pl.col("purpose") == "lift")
    assert lift["b"].to_list() == ["both~permuted"]
    assert lift["difference"].item() > 0
    board = opened.leaderboard().filter(
        (pl.col("slice") == "new items") & (pl.col("metric") == "ndcg@10")
    )
    value = dict(zip(board["model"], board["value"], strict=True))
    assert value["ids"] < 0.05 < value["words"]
    whole = opened.comparisons().filter((pl.col("slice") == "all") & (pl.col("purpose") == "lift"))
    assert whole["b"].to_list() == ["ids"]


@pytest.mark.integration
def test_where_all_targets_are_new_the_reference_is_permuted_text(
    tmp_path: Path, frames: tuple[pl.DataFrame, pl.DataFrame], table: dict[str, Any]
) -> None:
    table["split"] = {"part": "split.cold_items.v1", "share": 0.15, "validation_share": 0.15}
    opened = palate.run(palate.read(*frames), table, folder=tmp_path / "r")
    lift = opened.comparisons().filter(pl.col("purpose") == "lift")
    assert set(lift["b"]) == {"both~permuted"}
    assert "with permuted texts" in opened.summary.details[0]
