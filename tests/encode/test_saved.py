"""Encoders that are opened again: where weights may lie, and which weights are refused."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from palate.adapt.contrastive import ContrastiveSettings
from palate.encode.text.static import Static, StaticSettings
from palate.encode.text.tfidf import Tfidf, TfidfSettings
from palate.encode.text.transformer import Transformer, TransformerSettings
from palate.encode.tuned import reopened
from palate.encode.vectors.file import VectorsFile, VectorsFileSettings
from palate.errors import BadInput, BadRecipe
from palate.registry import PartSpec
from palate.tables import Catalogue, Vocabulary
from palate.testing.language_models import (
    as_sentence_transformer,
    make_language_model,
    make_static_model,
)
from palate.testing.stored import stored

SHOP = Catalogue(
    Vocabulary.of("abc"), pl.DataFrame({"title": ["red wine", "old glass", None], "no": [1, 2, 3]})
)
LATER = Catalogue(
    Vocabulary.of("xyz"), pl.DataFrame({"title": ["red glass", "", "queen"], "no": [4, 5, 6]})
)
ROWS = np.arange(2, dtype=np.int32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return as_sentence_transformer(make_language_model(tmp_path / "model"))


def transformer(folder: Path, **settings: object) -> Transformer:
    told = TransformerSettings(model=str(folder), backend="torch", precision="f32")
    return Transformer(replace(told, **settings))


def test_a_model_that_moved_is_the_same_model(folder: Path, tmp_path: Path) -> None:
    part = transformer(folder).fit(SHOP, ROWS)
    state, expected = stored(part.state(), tmp_path / "state"), part.encode(LATER)
    shutil.move(folder, tmp_path / "elsewhere")
    found = transformer(tmp_path / "elsewhere", batch_tokens=64).load(state).encode(LATER)
    assert found.matrix.tobytes() == expected.matrix.tobytes()
    assert found.present.tolist() == [True, False, True]


def test_copied_files_are_the_same_model_and_opened_by_their_folder(
    folder: Path, tmp_path: Path
) -> None:
    (folder / ".git").mkdir()
    (folder / ".git" / "big.safetensors").write_bytes(b"x")
    (folder / "pytorch_model.bin").write_bytes(b"pickle")
    part = transformer(folder).fit(SHOP, ROWS)
    part.save_model(tmp_path / "copy")
    copied = {str(f.relative_to(tmp_path / "copy")) for f in (tmp_path / "copy").rglob("*")}
    assert "model.safetensors" in copied
    assert not copied & {".git", "pytorch_model.bin"}
    again = part.with_model(tmp_path / "copy").load(part.state())
    assert again.identity() == part.identity()
    assert again.encode(LATER).matrix.tobytes() == part.encode(LATER).matrix.tobytes()


def test_other_weights_are_refused(folder: Path, tmp_path: Path) -> None:
    state = transformer(folder).fit(SHOP, ROWS).state()
    other = as_sentence_transformer(make_language_model(tmp_path / "other", seed=1))
    with pytest.raises(BadInput, match="weights at hand are not those"):
        transformer(other).load(state)


def test_another_pooling_in_the_folder_is_refused(folder: Path) -> None:
    state = transformer(folder).fit(SHOP, ROWS).state()
    as_sentence_transformer(folder, pooling="cls")
    with pytest.raises(BadInput, match="say otherwise how vectors are made"):
        transformer(folder).load(state)


def test_other_settings_are_refused(folder: Path) -> None:
    state = transformer(folder).fit(SHOP, ROWS).state()
    with pytest.raises(BadInput, match="layout = 'joined', and here it is 'named'"):
        transformer(folder, layout="named").load(state)


def test_other_static_weights_are_refused(tmp_path: Path) -> None:
    one, other = (make_static_model(tmp_path / str(seed), seed) for seed in (0, 1))
    state = Static(StaticSettings(model=str(one))).fit(SHOP, ROWS).state()
    with pytest.raises(BadInput, match="weights at hand"):
        Static(StaticSettings(model=str(other))).load(state)


def test_a_catalogue_without_the_fields_is_refused_by_name(tmp_path: Path) -> None:
    state = stored(Tfidf().fit(SHOP, ROWS).state(), tmp_path / "state")
    with pytest.raises(BadRecipe, match="title"):
        Tfidf().load(state).encode(Catalogue(LATER.items, LATER.fields.select("no")))


def test_tfidf_of_new_words_is_absent_after_loading(tmp_path: Path) -> None:
    state = stored(Tfidf().fit(SHOP, ROWS).state(), tmp_path / "state")
    block = Tfidf(TfidfSettings(fields=("title",))).load(state).encode(LATER)
    assert block.columns == ("glass", "old", "red", "wine")
    assert block.present.tolist() == [True, False, False]


def test_vectors_without_ids_keep_whose_rows_they_are(tmp_path: Path) -> None:
    X = np.arange(6, dtype=np.float32).reshape(3, 2) + 1
    np.save(tmp_path / "x.npy", X)
    part = VectorsFile(VectorsFileSettings(path=str(tmp_path / "x.npy"))).fit(SHOP, ROWS)
    state = stored(part.state(), tmp_path / "state")
    shutil.move(tmp_path / "x.npy", tmp_path / "moved.npy")
    moved = VectorsFile(VectorsFileSettings(path=str(tmp_path / "moved.npy")))
    with pytest.raises(BadInput, match="not the one"):
        moved.load(state)  # its name is part of what the file is
    shutil.move(tmp_path / "moved.npy", tmp_path / "x.npy")
    again = VectorsFile(VectorsFileSettings(path=str(tmp_path / "x.npy"))).load(state)
    grown = Catalogue(Vocabulary.of("zcab"), pl.DataFrame())
    block = again.encode(grown)
    assert block.matrix.tolist() == [[0, 0], *X[[2, 0, 1]].tolist()]
    assert block.present.tolist() == [False, True, True, True]


def test_a_changed_file_of_vectors_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.ones((3, 2), np.float32))
    settings = VectorsFileSettings(path=str(tmp_path / "x.npy"))
    state = VectorsFile(settings).fit(SHOP, ROWS).state()
    np.save(tmp_path / "x.npy", np.full((3, 2), 2, np.float32))
    with pytest.raises(BadInput, match="not the one that this encoder was fitted with"):
        VectorsFile(settings).load(state)


def test_a_tuned_encoder_without_its_weights_is_refused() -> None:
    encoder = PartSpec("text.transformer.v1", TransformerSettings())
    with pytest.raises(BadInput, match="weights of a tuned encoder were not kept"):
        reopened(encoder, [PartSpec("adapt.distil.v1", None)])
    plain = PartSpec("text.tfidf.v1", TfidfSettings())
    assert isinstance(reopened(plain, []), Tfidf)


def test_a_tuned_encoder_is_reopened_from_its_folder_and_its_state(
    folder: Path, tmp_path: Path
) -> None:
    tuned = transformer(as_sentence_transformer(make_language_model(tmp_path / "tuned", seed=3)))
    tuned.fit(SHOP, ROWS).save_model(tmp_path / "kept")
    state, expected = stored(tuned.state(), tmp_path / "state"), tuned.encode(LATER)
    # what is kept stands by itself: neither the recipe's model nor the cache's folder is read
    shutil.rmtree(tmp_path / "tuned")
    encoder = PartSpec("text.transformer.v1", transformer(folder).settings)
    contrastive = PartSpec("adapt.contrastive.v1", ContrastiveSettings())
    found = reopened(encoder, [contrastive], tmp_path / "kept").load(state)
    assert found.encode(LATER).matrix.tobytes() == expected.matrix.tobytes()
    with pytest.raises(BadInput, match="weights at hand"):
        transformer(folder).load(state)
