"""A run is opened from its folder alone: no original data, no cache, no model but its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import palate
from palate.arrays import dense
from palate.errors import BadInput, PalateError
from palate.runs.manifest import complete
from palate.runs.open import OpenedRun, open_run
from palate.tables import Catalogue, Histories, Vocabulary
from palate.testing.language_models import make_language_model

pytestmark = pytest.mark.integration

BRIEF = {"epochs": 1, "batch": 64, "rate": 3e-3}
CONTRASTIVE = {"part": "adapt.contrastive.v1", "pairs": 128, "schedule": BRIEF}
RESIDUAL = {"part": "adapt.residual.v1", "pairs": 128, "schedule": BRIEF}


def table(model: Path) -> dict[str, Any]:
    """Blocks of every kind that keeps something: tuned, distilled, adapted, fused, plain."""
    encoder = {
        "part": "text.transformer.v1",
        "model": str(model),
        "backend": "torch",
        "precision": "f32",
        "fields": ["title"],
    }
    l2 = {"part": "geometry.l2.v1"}
    return {
        "name": "small",
        "seed": 3,
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {
            "plain": encoder,
            "tuned": {**encoder, "adapt": [CONTRASTIVE], "shape": [l2]},
            "distilled": {**encoder, "adapt": [CONTRASTIVE, {"part": "adapt.distil.v1"}]},
            "words": {"part": "text.tfidf.v1", "fields": ["title", "plot?"]},
            "moved": {"part": "text.hashing.v1", "dims": 32, "adapt": [RESIDUAL]},
            "both": {"part": "fuse.align.v1", "of": ["tuned", "words"], "dims": 8, "shape": [l2]},
        },
        "users": {
            "mean": {"part": "behaviour.pooled.v1", "block": "plain"},
            "said": {"part": "behaviour.tokens.v1", "block": "tuned", "tokens": 40},
        },
        "models": {
            "ids": {"part": "model.cooccurrence.v1"},
            "mean": {"part": "model.two_sided.v1", "users": ["mean"], "blocks": ["plain"]},
            "said": {"part": "model.two_sided.v1", "users": ["said"], "blocks": ["tuned"]},
        },
        "evaluate": {"metrics": ["ndcg@10"], "controls": False},
        "report": {"users": 1, "k": 3, "map_items": 0},
    }


@dataclass(frozen=True)
class Elsewhere:
    """A run on another machine: no cache, and the base model only where a test puts it back.

    Attributes:
        folder: The run directory.
        model: Where the base model lay when the run was made.
        moved: Where it lies now.
    """

    folder: Path
    model: Path
    moved: Path


@pytest.fixture(scope="module")
def elsewhere(
    tmp_path_factory: pytest.TempPathFactory, frames: tuple[pl.DataFrame, pl.DataFrame]
) -> Iterator[Elsewhere]:
    base = tmp_path_factory.mktemp("runs")
    model = make_language_model(base / "tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PALATE_CACHE", str(base / "cache"))
        palate.run(palate.read(*frames), table(model), folder=base / "here" / "small")
        shutil.rmtree(base / "cache")
        shutil.move(base / "here", base / "there")
        shutil.move(model, base / "moved")
        yield Elsewhere(base / "there" / "small", model, base / "moved")


@pytest.fixture
def opened(elsewhere: Elsewhere) -> OpenedRun:
    return open_run(elsewhere.folder)


@pytest.fixture
def with_base_model(elsewhere: Elsewhere) -> Iterator[None]:
    shutil.copytree(elsewhere.moved, elsewhere.model)
    yield
    shutil.rmtree(elsewhere.model)


@pytest.mark.parametrize("name", ["tuned", "distilled", "words", "moved", "both"])
def test_blocks_grow_by_what_the_run_kept(name: str, opened: OpenedRun) -> None:
    fitted, shop = opened.fitted.blocks[name], opened.data.catalogue
    again = fitted.extend(shop)
    assert dense(again.matrix).tobytes() == dense(fitted.block.matrix).tobytes()
    assert again.origin.key() == fitted.block.origin.key()
    new = pl.DataFrame({"title": ["planet garden bread", None]})
    items = Vocabulary.of([*shop.items.ids, "new", "mute"])
    fields = pl.concat([shop.fields, new], how="diagonal")
    grown = fitted.extend(Catalogue(items, fields))
    # the rows of some products depend, in their last bits, on how many there are
    assert np.allclose(dense(grown.matrix)[:-2], dense(fitted.block.matrix), atol=1e-6)
    assert grown.present[-2:].tolist() == [True, False]


@pytest.mark.parametrize("name", ["tuned", "words", "moved"])
def test_texts_are_put_among_the_rows_by_what_the_run_kept(name: str, opened: OpenedRun) -> None:
    fitted = opened.fitted.blocks[name]
    rows, present = fitted.encode(fitted.texts())
    assert np.array_equal(rows, dense(fitted.block.matrix))
    assert np.array_equal(present, fitted.block.present)


def test_tuned_weights_are_files_of_the_run(elsewhere: Elsewhere) -> None:
    named = [n for n in complete(elsewhere.folder).files if n.endswith("model.safetensors")]
    assert [n.split("/")[1] for n in named] == ["distilled", "tuned"]
    assert all((elsewhere.folder / n).is_file() for n in named)


def test_a_block_is_used_where_the_weights_of_its_encoder_are_missing(opened: OpenedRun) -> None:
    log = opened.data.interactions
    histories = Histories.of(log, np.arange(3, dtype=np.int32))
    for name in ("mean", "said"):
        assert np.isfinite(opened.scorer(name).score(histories)).all()
    assert palate.Run(opened.folder).recommend("u1", 3, "mean").height == 3
    with pytest.raises(PalateError, match="tiny"):
        opened.fitted.blocks["plain"].encode(["garden"])


@pytest.mark.usefixtures("with_base_model")
def test_models_that_read_get_the_language_model_as_it_was_before_tuning(
    opened: OpenedRun,
) -> None:
    texts = opened.context().texts
    assert list(texts) == ["plain", "tuned", "distilled"]
    identities = {name: source.language_model().identity for name, source in texts.items()}
    assert len(set(identities.values())) == 1
    assert texts["tuned"].texts() == opened.data.catalogue.fields["title"].to_list()


def test_other_weights_in_the_place_of_the_runs_own_are_refused(
    elsewhere: Elsewhere, tmp_path: Path
) -> None:
    folder = tmp_path / "mixed"
    shutil.copytree(elsewhere.folder, folder)
    weights = next((folder / "features" / "tuned").rglob("model.safetensors"))
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(bytes(content))
    with pytest.raises(BadInput, match=r"model\.safetensors is not the file that this run wrote"):
        open_run(folder)


def test_a_run_without_a_kept_part_says_which(elsewhere: Elsewhere, tmp_path: Path) -> None:
    folder = tmp_path / "bare"
    shutil.copytree(elsewhere.folder, folder)
    opened = open_run(folder)
    shutil.rmtree(folder / "features" / "words" / "encoder")
    with pytest.raises(BadInput, match="did not keep this fitted part"):
        opened.fitted.blocks["words"].encode(["garden"])
