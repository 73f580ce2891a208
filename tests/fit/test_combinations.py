"""Fused blocks in a recipe, and the table that sets every combination beside ids only."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import palate
from palate.arrays import dense
from palate.errors import BadRecipe, PalateError
from palate.fit.blocks import Encoding
from palate.fit.combinations import base_model, combinations
from palate.progress import Silent, Stopwatch
from palate.recipe.graph import ModelGraph
from palate.recipe.recipe import parse
from palate.stages import FitContext
from palate.tables import FeatureTable, Training

QUICK = {"pairs": 300, "schedule": {"epochs": 2, "batch": 100, "rate": 0.05}}


@pytest.fixture
def fused_table(table: dict[str, Any]) -> dict[str, Any]:
    table["blocks"] = {
        "both": {"part": "fuse.gated.v1", "of": ["text.tfidf", "genres"], "objective": QUICK},
        "text.tfidf": {"part": "text.tfidf.v1", "fields": ["title"]},
        "genres": {"part": "structured.fields.v1", "fields": ["genres"]},
    }
    table["models"]["words"]["block"] = "both"
    return table


def test_a_fused_block_is_read_written_and_read_again(fused_table: dict[str, Any]) -> None:
    recipe = parse(fused_table, Path())
    assert recipe.blocks["both"].fuses
    assert recipe.blocks["both"].uses_behaviour
    assert not recipe.blocks["genres"].uses_behaviour
    assert parse(tomllib.loads(recipe.toml()), Path()) == recipe


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (["text.tfdif"], r'did you mean "text\.tfidf"'),
        (["both", "genres"], "made of itself"),
        (["again"], "of itself"),
    ],
)
def test_fused_blocks_that_cannot_be(fused_table: dict[str, Any], of: list[str], said: str) -> None:
    fused_table["blocks"]["both"]["of"] = of
    fused_table["blocks"]["again"] = {"part": "fuse.concat.v1", "of": ["both"]}
    with pytest.raises(PalateError, match=said):
        parse(fused_table, Path())


def test_there_must_be_something_to_fuse(table: dict[str, Any]) -> None:
    table["blocks"] = {"text.tfidf": {"part": "fuse.concat.v1"}}
    with pytest.raises(BadRecipe, match="nothing to fuse"):
        parse(table, Path())


class Flat(Silent):
    """Refuses a stage that begins before the one before it ended: a console has one bar."""

    def __init__(self) -> None:
        self.running = ""
        self.stages: list[str] = []

    def begin(self, stage: str, total: int | None = None) -> None:
        assert not self.running, f"{stage} inside {self.running}"
        self.running = stage
        self.stages.append(stage)

    def end(self) -> None:
        self.running = ""


@pytest.mark.integration
def test_fused_blocks_come_after_their_sources_and_lose_their_meaning_with_them(
    fused_table: dict[str, Any], frames: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    data, recipe = palate.read(*frames).data, parse(fused_table, Path())
    split = recipe.split.build().split(data.interactions, 3)
    training = Training(split.train, FeatureTable(data.catalogue.items), split.validation)
    told = Flat()
    encoding = Encoding(
        recipe.blocks, data.catalogue, training, FitContext(seed=3), Stopwatch(told)
    )
    fitted = encoding.all()
    features = fitted.features
    assert list(features.blocks) == ["both", "text.tfidf", "genres"]
    assert (
        features.blocks["both"].width
        == features.blocks["text.tfidf"].width + features.blocks["genres"].width
    )
    for kind in ("permuted", "random"):
        control = encoding.without_meaning(kind, ("both",), fitted).features
        K = dense(control.blocks["both"].matrix)
        assert control.blocks["both"].name == "both"
        assert told.stages[-1] == f"encode both~{kind}"
        # of one theme (every fifth item), which genres tell, there is nothing left
        same = np.equal.outer(np.arange(75) % 5, np.arange(75) % 5)
        E = dense(features.blocks["both"].matrix)
        assert (E @ E.T)[same].mean() > (E @ E.T)[~same].mean() + 0.3
        assert abs((K @ K.T)[same & ~np.eye(75, dtype=bool)].mean() - (K @ K.T)[~same].mean()) < 0.1


def test_rows_of_the_table(fused_table: dict[str, Any]) -> None:
    recipe = parse(fused_table, Path())
    assert combinations(recipe.graph, False) == []
    rows = combinations(recipe.graph, ["fuse.concat.v1"])
    assert [(r.operator, r.blocks, r.ids) for r in rows] == [
        ("alone", ("text.tfidf",), False),
        ("model.blend.v1", ("text.tfidf",), True),
        ("alone", ("genres",), False),
        ("model.blend.v1", ("genres",), True),
        ("fuse.concat.v1", ("text.tfidf", "genres"), False),
        ("fuse.concat.v1", ("text.tfidf", "genres"), True),
        ("model.blend.v1", ("text.tfidf", "genres"), True),
    ]
    assert len({r.variant for r in rows}) == len(rows)
    everything = combinations(recipe.graph, True)
    assert {r.operator for r in everything} >= {
        "fuse.gated.v1",
        "fuse.attention.v1",
        "fuse.align.v1",
    }
    with pytest.raises(BadRecipe, match=r'did you mean "fuse\.concat\.v1"'):
        combinations(recipe.graph, ["fuse.conct.v1"])


def test_the_base_is_the_model_of_behaviour_alone(fused_table: dict[str, Any]) -> None:
    models = dict(parse(fused_table, Path()).models)
    assert base_model(ModelGraph(models)) == "ids"
    del models["both"]
    assert base_model(ModelGraph(models)) == "ids"
    with pytest.raises(BadRecipe, match="every model reads a block"):
        base_model(ModelGraph({"words": models["words"]}))


@pytest.mark.integration
def test_a_run_writes_the_table_and_the_report_prints_it(
    tmp_path: Path, fused_table: dict[str, Any], frames: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    fused_table["evaluate"] |= {
        "ablation_table": ["fuse.concat.v1", "fuse.weighted.v1"],
        "ablations": False,
        "controls": False,
        "new_items": 0.1,
    }
    opened = palate.run(palate.read(*frames), fused_table, folder=tmp_path / "run")
    rows = json.loads((tmp_path / "run" / "ablation.json").read_text())
    table = {(r["operator"], tuple(r["blocks"]), r["metric"]): r for r in rows}
    board = {
        (r["model"], r["metric"]): r["value"]
        for r in opened.leaderboard().to_dicts()
        if r["slice"] == "all"
    }
    ids = table["ids only", ("ids",), "ndcg@10"]
    assert ids["value"] == board["ids", "ndcg@10"]
    assert ids["difference"] is None
    words = table["model.blend.v1", ("ids", "text.tfidf"), "ndcg@10"]
    assert words["difference"] == pytest.approx(words["value"] - ids["value"], abs=1e-6)
    assert words["difference_low"] <= words["difference"] <= words["difference_high"]
    assert {"fuse.concat.v1", "fuse.weighted.v1", "model.blend.v1"} <= {r["operator"] for r in rows}
    # the table is no part of the leaderboard
    assert {r["kind"] for r in opened.leaderboard().to_dicts()} == {"model"}
    page = (tmp_path / "run" / "report.html").read_text()
    assert "Combinations of blocks" in page
    assert "Against ids only" in page
    assert "fuse.weighted.v1" in page
