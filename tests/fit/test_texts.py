"""A recipe with a model that reads texts itself, and its controls."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from palate.data.assemble import read_frames
from palate.data.settings import DataSettings
from palate.fit.blocks import encode_all
from palate.pipeline.run import run
from palate.progress import Stopwatch
from palate.recipe.recipe import parse
from palate.stages import FitContext
from palate.tables import FeatureTable, Training
from palate.testing.language_models import make_language_model


@pytest.fixture
def reading(
    table: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """The small recipe with a block of a tiny transformer, and a cross-encoder over it."""
    monkeypatch.setenv("PALATE_CACHE", str(tmp_path / "cache"))
    model = str(make_language_model(tmp_path / "tiny"))
    block = {"part": "text.transformer.v1", "fields": ["title"], "model": model, "backend": "torch"}
    table["blocks"] = {"text.tiny": {**block, "precision": "f32"}}
    reads = {
        "part": "model.cross_encoder.v1",
        "members": ["ids"],
        "block": "text.tiny",
        "candidates": 5,
    }
    schedule = {"epochs": 1, "batch": 20}
    table["models"] = {
        "ids": {"part": "model.cooccurrence.v1"},
        "reads": {**reads, "schedule": schedule},
    }
    table["evaluate"] = {"metrics": ["ndcg@10"]}
    return table


def test_a_recipe_reads_and_its_controls_do_too(
    reading: dict[str, Any], frames: tuple[pl.DataFrame, pl.DataFrame], tmp_path: Path
) -> None:
    folder = run(
        parse(reading, Path()),
        tmp_path / "run",
        read_frames(frames[0], frames[1], None, DataSettings()),
    )
    rows = json.loads((folder / "leaderboard.json").read_text())
    kinds = {r["model"]: r["kind"] for r in rows}
    assert kinds["reads"] == "model"
    assert kinds["reads~permuted"] == kinds["reads~random"] == "control"


def test_texts_are_those_of_the_block_and_permuted_ones_are_the_same_texts_elsewhere(
    reading: dict[str, Any], frames: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    recipe = parse(
        {**reading, "blocks": {**reading["blocks"], "w": {"part": "text.tfidf.v1"}}}, Path()
    )
    data = read_frames(frames[0], frames[1], None, DataSettings())
    nothing = FeatureTable(data.catalogue.items)
    histories: Any = None
    training = Training(data.interactions, nothing, histories)
    fitted = encode_all(recipe.blocks, data.catalogue, training, FitContext(seed=1), Stopwatch())
    found = fitted.texts()
    assert list(found) == ["text.tiny"]
    texts = list(found["text.tiny"].texts())
    assert texts == data.catalogue.fields["title"].to_list()
    dealt = list(fitted.texts_dealt_out(1)["text.tiny"].texts())
    assert dealt != texts
    assert sorted(map(str, dealt)) == sorted(map(str, texts))
    assert found["text.tiny"].language_model().padding == 0
    assert np.mean([a == b for a, b in zip(texts, dealt, strict=True)]) < 0.2
