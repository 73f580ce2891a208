"""A transformer that is trained further, saved, and taken up again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from palate.adapt.attribute_dropout import AttributeDropout, AttributeDropoutSettings
from palate.encode.text.transformer import Transformer, TransformerSettings
from palate.gradient.loop import Schedule
from palate.stages import Tunable
from palate.tables import (
    Cases,
    Catalogue,
    FeatureTable,
    Histories,
    Interactions,
    Training,
    Vocabulary,
)
from palate.testing.language_models import as_sentence_transformer, make_language_model

TITLES = [
    "red wine glass",
    "blue wine glass",
    "city river story",
    "war and peace",
    None,
    "guitar for kids",
]
CATALOGUE = Catalogue(Vocabulary.of(range(6)), pl.DataFrame({"title": TITLES}))
ROWS = np.arange(6, dtype=np.int32)


@pytest.fixture(params=["plain", "sentence-transformers"])
def encoder(request: pytest.FixtureRequest, tmp_path: Path) -> Transformer:
    folder = make_language_model(tmp_path / "model")
    if request.param == "sentence-transformers":
        as_sentence_transformer(folder)
    return Transformer(
        TransformerSettings(model=str(folder), backend="torch", precision="f32")
    ).fit(CATALOGUE, ROWS)


def vectors(encoder: Transformer) -> np.ndarray:
    return np.asarray(encoder.fit(CATALOGUE, ROWS).encode(CATALOGUE).matrix)


def test_saved_untouched_it_is_the_same_model(encoder: Transformer, tmp_path: Path) -> None:
    tunable = encoder
    assert isinstance(tunable, Tunable)
    model = tunable.language_model()
    folder = tmp_path / "saved"
    folder.mkdir()
    model.save(folder)
    again = tunable.with_model(folder)
    assert vectors(again) == pytest.approx(vectors(encoder), abs=1e-6)
    assert (again.pooling, again.normalise, again.tokeniser.padding) == (
        encoder.pooling,
        encoder.normalise,
        encoder.tokeniser.padding,
    )


def test_changed_weights_change_the_vectors_and_the_cache_key(
    encoder: Transformer, tmp_path: Path
) -> None:
    import torch

    tunable = encoder
    model = tunable.language_model()
    with torch.no_grad():
        for parameter in model.module.body.parameters():
            parameter.add_(0.1)
    folder = tmp_path / "saved"
    folder.mkdir()
    model.save(folder)
    changed = tunable.with_model(folder)
    assert not np.allclose(vectors(changed), vectors(encoder), atol=1e-3)
    assert changed.identity() != encoder.identity()
    assert tunable.language_model().identity == model.identity
    shorter = Transformer(replace(encoder.settings, max_tokens=8)).fit(CATALOGUE, ROWS)
    assert shorter.language_model().identity != model.identity


def test_tokens_are_the_first_piece_of_each_text(encoder: Transformer) -> None:
    model = encoder.language_model()
    one, many = model.tokens(["wine"]), model.tokens(["wine", "", "red wine " * 100])
    assert many[0].tolist() == one[0].tolist()
    assert len(many) == 3
    assert len(model.tokens([])) == 0


def test_a_tuner_takes_it(
    encoder: Transformer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PALATE_CACHE", str(tmp_path / "cache"))
    log = Interactions(
        Vocabulary.of("u"), CATALOGUE.items, np.zeros(6, np.int32), ROWS, np.ones(6, np.float32)
    )
    histories = Histories.of(log, np.zeros(0, np.int32))
    training = Training(
        log, FeatureTable(CATALOGUE.items), Cases(histories, histories.items, histories.items)
    )
    part = AttributeDropout(
        AttributeDropoutSettings(pairs=10, schedule=Schedule(epochs=2, batch=5, rate=1e-3))
    )
    tuned = part.tune(encoder, CATALOGUE, training)
    assert isinstance(tuned, Transformer)
    before, after = vectors(encoder), vectors(tuned)
    assert not np.allclose(before, after, atol=1e-4)
    assert not after[4].any()
