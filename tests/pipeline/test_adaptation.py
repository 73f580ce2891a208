"""Blocks that learn from behaviour, end to end, with a language model made on the spot."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import palate
from palate.arrays import dense
from palate.errors import BadRecipe
from palate.fit.blocks import Encoding, encode_all
from palate.pipeline.encode import encode
from palate.pipeline.trial import run_trial
from palate.progress import Silent, Stopwatch
from palate.recipe.recipe import Recipe, parse
from palate.stages import FitContext
from palate.tables import Block, Dataset, FeatureTable, SealedCases, Split, Training
from palate.testing.language_models import make_language_model

BRIEF = {"epochs": 3, "batch": 64, "rate": 3e-3}
CONTRASTIVE = {"part": "adapt.contrastive.v1", "pairs": 256, "schedule": BRIEF}
RESIDUAL = {"part": "adapt.residual.v1", "pairs": 500, "schedule": {**BRIEF, "rate": 0.02}}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_language_model(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture
def adapted_table(table: dict[str, Any], model: Path) -> dict[str, Any]:
    encoder = {
        "part": "text.transformer.v1",
        "model": str(model),
        "backend": "torch",
        "precision": "f32",
    }
    table["blocks"] = {
        "text.tuned": {**encoder, "fields": ["title"], "adapt": [CONTRASTIVE]},
        "text.moved": {**encoder, "fields": ["title"], "adapt": [RESIDUAL]},
    }
    table["models"]["words"]["block"] = "text.tuned"
    table["evaluate"] |= {"ablations": False}
    return table


def dataset(frames: tuple[pl.DataFrame, pl.DataFrame]) -> Dataset:
    return palate.read(*frames).data


def training_of(split: Split, data: Dataset) -> Training:
    return Training(split.train, FeatureTable(data.catalogue.items), split.validation)


def split_of(recipe: Recipe, data: Dataset) -> Split:
    found: Split = recipe.split.build().split(data.interactions, recipe.seed)
    return found


def bytes_of(features: FeatureTable) -> dict[str, tuple[bytes, str]]:
    return {n: (dense(b.matrix).tobytes(), b.origin.key()) for n, b in features.blocks.items()}


def test_the_steps_are_read_written_and_read_again(adapted_table: dict[str, Any]) -> None:
    adapted_table["blocks"]["text.tuned"]["adapt"] = [CONTRASTIVE, RESIDUAL]
    recipe = parse(adapted_table, Path())
    block = recipe.blocks["text.tuned"]
    assert [s.name for s in block.tuners] == ["adapt.contrastive.v1"]
    assert [s.name for s in block.adapters] == ["adapt.residual.v1"]
    assert block.uses_behaviour
    assert parse(tomllib.loads(recipe.toml()), Path()) == recipe


def test_a_tuner_of_content_alone_uses_no_behaviour(adapted_table: dict[str, Any]) -> None:
    adapted_table["blocks"]["text.tuned"]["adapt"] = [{"part": "adapt.attribute_dropout.v1"}]
    assert not parse(adapted_table, Path()).blocks["text.tuned"].uses_behaviour


@pytest.mark.parametrize(
    ("adapt", "said"),
    [
        ([CONTRASTIVE], r"no language model .* text\.transformer\.v1.*adapt\.residual\.v1"),
        ([{"part": "adapt.contrastiv.v1"}], r"adapt\.contrastive\.v1"),
        ([{"part": "geometry.l2.v1"}], "for the stage block_transform, not tuner or adapter"),
        ({"part": "adapt.residual.v1"}, r"\[\[blocks\.text\.tfidf\.adapt\]\]"),
    ],
)
def test_steps_that_make_no_sense_are_refused(
    table: dict[str, Any], adapt: object, said: str
) -> None:
    table["blocks"]["text.tfidf"]["adapt"] = adapt
    with pytest.raises(BadRecipe, match=f"(?s){said}"):
        parse(table, Path())


@pytest.mark.integration
def test_a_run_with_tuned_and_adapted_blocks(
    tmp_path: Path, adapted_table: dict[str, Any], frames: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    adapted_table["models"]["moved"] = {"part": "model.text_kernel.v1", "block": "text.moved"}
    adapted_table["models"]["both"]["members"] = ["ids", "words", "moved"]
    opened = palate.run(palate.read(*frames), adapted_table, folder=tmp_path / "run")
    names = set(opened.leaderboard()["model"])
    assert {"both", "both~permuted", "both~random"} <= names
    stages = [row["stage"] for row in json.loads((tmp_path / "run" / "timings.json").read_text())]
    # what learnt from behaviour learns again from content without meaning
    assert {
        "encode text.tuned~permuted",
        "encode text.moved~permuted",
        "encode text.moved~random",
    } <= set(stages)


@dataclasses.dataclass(frozen=True)
class Given:
    """A splitter, and its own spec, that gives a split made before."""

    made: Split

    def build(self) -> Given:
        return self

    def split(self, log: Any, seed: int) -> Split:
        return self.made


@pytest.mark.integration
def test_the_test_part_changes_no_byte(
    adapted_table: dict[str, Any], frames: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    adapted_table["models"] = {"words": adapted_table["models"]["words"]}
    objective = {"pairs": 200, "schedule": BRIEF}
    adapted_table["blocks"]["fused"] = {"part": "fuse.gated.v1", "objective": objective}
    data, recipe = dataset(frames), parse(adapted_table, Path())
    split = split_of(recipe, data)
    # without validation cases nothing stops tuning early, so the weights do move
    split = dataclasses.replace(split, validation=split.validation.take(np.empty(0, np.int64)))
    targets, log = split.test.open("inspect").targets, split.train
    turned = dataclasses.replace(targets, values=targets.values[::-1].copy())
    other = dataclasses.replace(
        split,
        test=SealedCases(dataclasses.replace(split.test.open("inspect"), targets=turned)),
    )
    assert (turned.values != targets.values).any()

    def blocks(of: Split) -> dict[str, tuple[bytes, str]]:
        return bytes_of(
            run_trial(
                dataclasses.replace(recipe, split=Given(of)), data, 3, Stopwatch(), 10
            ).features
        )  # type: ignore[arg-type]

    first = blocks(split)
    assert blocks(other) == first
    # the negative control: the training part does change them
    changed = blocks(
        dataclasses.replace(split, train=dataclasses.replace(log, item=log.item[::-1].copy()))
    )
    assert all(changed[name][0] != first[name][0] for name in recipe.blocks)


@pytest.mark.integration
def test_origin_and_cost_tell_of_the_tuning(
    adapted_table: dict[str, Any],
    frames: tuple[pl.DataFrame, pl.DataFrame],
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PALATE_CACHE", str(tmp_path))
    data = dataset(frames)
    adapted_table["blocks"]["text.plain"] = {
        k: v for k, v in adapted_table["blocks"]["text.tuned"].items() if k != "adapt"
    }
    recipe = parse(adapted_table, Path())
    features = encode_all(
        recipe.blocks,
        data.catalogue,
        training_of(split_of(recipe, data), data),
        FitContext(seed=3),
        Stopwatch(),
    ).features
    tuned, plain, moved = (features.blocks[f"text.{n}"] for n in ("tuned", "plain", "moved"))
    assert tuned.origin.weights != plain.origin.weights
    assert tuned.origin.settings["model"] == str(model)
    assert str(tmp_path) not in str(tuned.origin.facts())
    assert [s["part"] for s in tuned.origin.steps] == ["adapt.contrastive.v1"]
    assert [s["part"] for s in moved.origin.steps] == ["adapt.residual.v1"]
    assert tuned.seconds > plain.seconds


@pytest.mark.integration
def test_controls_are_learnt_from_content_without_meaning(
    adapted_table: dict[str, Any], frames: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    data, recipe = dataset(frames), parse(adapted_table, Path())
    encoding = Encoding(
        recipe.blocks,
        data.catalogue,
        training_of(split_of(recipe, data), data),
        FitContext(seed=3),
        Stopwatch(),
    )
    fitted = encoding.all()
    features, used = fitted.features, tuple(recipe.blocks)
    permuted, random = (
        encoding.without_meaning(kind, used, fitted).features for kind in ("permuted", "random")
    )

    def rows(block: Block) -> set[bytes]:
        return {row.tobytes() for row in dense(block.matrix)}

    for name in used:
        # not the finished rows dealt out: those would keep what had been learnt from the true
        # contents
        assert rows(permuted.blocks[name]) != rows(features.blocks[name])
        assert permuted.blocks[name].origin.key() != features.blocks[name].origin.key()
        assert np.array_equal(permuted.blocks[name].present, features.blocks[name].present)
    steps = [s["part"] for s in random.blocks["text.moved"].origin.steps]
    assert steps == ["control.random.v1", "adapt.residual.v1"]
    steps = [s["part"] for s in permuted.blocks["text.moved"].origin.steps]
    assert steps == ["control.permuted.v1", "adapt.residual.v1"]
    assert [s["part"] for s in permuted.blocks["text.tuned"].origin.steps] == [
        "adapt.contrastive.v1"
    ]
    again = encoding.without_meaning("permuted", used, fitted).features
    assert all(again.blocks[n] is permuted.blocks[n] for n in used)


@pytest.mark.integration
def test_encode_writes_adapted_blocks(
    tmp_path: Path, files: Path, adapted_table: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "PALATE_CACHE", str(tmp_path / "cache")
    )  # a model that is there is not tuned again
    adapted_table["data"] = {"interactions": "log.csv", "items": "items.parquet"}
    pytest.importorskip("tensorboard")
    adapted_table["track"] = {"tensorboard": str(tmp_path / "tb")}
    written = encode(parse(adapted_table, files), tmp_path / "out", "npy", Silent())
    assert {folder.name for folder in (tmp_path / "tb" / "small-encode").iterdir()} == {
        "text.tuned",
        "text.moved",
    }
    assert [w.block for w in written] == ["text.tuned", "text.moved"]
    assert np.load(written[0].path).shape == (75, 32)
