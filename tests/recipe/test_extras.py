"""Libraries that a recipe needs are named before anything is read, all together."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from palate.errors import MissingExtra
from palate.parts import PARTS
from palate.pipeline.encode import encode
from palate.pipeline.run import run
from palate.progress import Silent
from palate.recipe import extras
from palate.recipe.extras import NEEDS, check_extras
from palate.recipe.recipe import parse
from palate.registry import names, part_class
from palate.study.search.search import search

ASKS = re.compile(
    r"\bneed\(|palate\.gradient\.engine|encode\.image\.(decode|vision)|audio\.models|tree_ranker"
    r"|fuse\.learning import Objective"
)
SOMETIMES = {
    "audio.spectral.v1": "a library only for sounds other than plain WAV",
}
TABLE: dict[str, Any] = {
    "name": "many",
    "data": {"interactions": "nowhere.csv"},
    "split": {"part": "split.ratio.v1"},
    "blocks": {
        "text": {"part": "text.transformer.v1"},
        "look": {"part": "image.classical.v1", "fields": ["picture"]},
    },
    "models": {
        "trees": {"part": "model.lambdamart.v1", "members": ["p"]},
        "p": {"part": "model.popularity.v1"},
    },
    "execute": {"kind": "ray"},
    "track": {"wandb": "project"},
    "search": {"space": {"seed": [1, 2]}},
}


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without any extra."""
    monkeypatch.setattr(extras, "has", lambda module: False)


def test_every_part_that_is_named_exists() -> None:
    assert set(NEEDS) <= {name for parts in PARTS.values() for name in parts}


@pytest.mark.parametrize(
    "stage", ["encoder", "tuner", "adapter", "user_encoder", "scorer", "fuser"]
)
def test_every_part_that_asks_for_a_library_is_named(stage: str) -> None:
    for name in names(stage):
        modules = {
            c.__module__ for c in part_class(name).__mro__ if c.__module__.startswith("palate")
        }
        source = "".join(inspect.getsource(sys.modules[m]) for m in modules)
        if ASKS.search(source) and name not in SOMETIMES:
            assert name in NEEDS, name


@pytest.mark.usefixtures("bare")
def test_all_that_is_missing_is_named_at_once_with_one_command(tmp_path: Path) -> None:
    recipe = parse(TABLE, tmp_path)
    with pytest.raises(MissingExtra) as caught:
        run(recipe, tmp_path / "run")  # before the file that is nowhere is looked for
    said = caught.value.message()
    for words in (
        "torch or openvino or onnxruntime (for blocks.text)",
        "PIL (for blocks.look)",
        "lightgbm (for models.trees)",
        "ray (for execute)",
        "wandb (for track.wandb)",
        "pip install 'palate[image,ray,text,tracking,trees]'",
    ):
        assert words in said
    assert not (tmp_path / "run").exists()
    with pytest.raises(MissingExtra, match="optuna"):
        search(recipe, tmp_path / "search")
    with pytest.raises(MissingExtra, match=r"palate\[image,ray,text,tracking\]"):
        encode(recipe, tmp_path / "made", "npy", Silent())


@pytest.mark.usefixtures("bare")
def test_a_recipe_that_needs_none_is_let_through(tmp_path: Path) -> None:
    table = {"split": {"part": "split.ratio.v1"}, "models": {"p": {"part": "model.popularity.v1"}}}
    check_extras(parse(table, tmp_path))


def test_one_engine_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = {**TABLE, "blocks": {"text": TABLE["blocks"]["text"]}, "execute": {}, "track": {}}
    table["models"] = {"p": {"part": "model.popularity.v1"}}
    monkeypatch.setattr(extras, "has", lambda module: module in ("openvino", "transformers"))
    check_extras(parse(table, tmp_path))
