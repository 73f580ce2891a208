"""Contrastive tuning without behaviour."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from palate.adapt.attribute_dropout import AttributeDropout, AttributeDropoutSettings, partial_texts
from palate.errors import Refused
from palate.gradient.loop import Schedule
from palate.tables import Catalogue, Training, Vocabulary

QUICK = AttributeDropoutSettings(pairs=400, schedule=Schedule(epochs=3, batch=30, rate=0.01))


def views(encoder: Any, frame: pl.DataFrame, keep: float = 0.5) -> list[list[str]]:
    catalogue = Catalogue(Vocabulary.of(range(frame.height)), frame)
    settings = AttributeDropoutSettings(keep=keep, keep_words=0.5)
    whole = encoder.texts(catalogue)
    return [
        partial_texts(encoder, catalogue, whole, settings, np.random.default_rng(i))
        for i in range(40)
    ]


def test_views_leave_out_fields_and_entries_of_lists(encoder: Any) -> None:
    frame = pl.DataFrame({"title": ["w1 w2"], "tags": [["w3", "w4"]]})
    seen = {view[0] for view in views(encoder, frame)}
    assert {"w1 w2", "w3, w4"} & seen
    assert all(set(text.replace(",", "").split()) <= {"w1", "w2", "w3", "w4"} for text in seen)
    assert all(text for text in seen)


def test_an_item_with_one_field_loses_words_instead(encoder: Any) -> None:
    seen = {view[0] for view in views(encoder, pl.DataFrame({"title": ["w1 w2 w3 w4"]}))}
    assert len(seen) > 5
    assert "" not in seen
    lengths = [len(text.split()) for text in seen]
    assert min(lengths) < 4


def test_two_views_of_an_item_come_closer_than_before(
    encoder: Any, catalogue: Catalogue, training: Training
) -> None:
    tuned = AttributeDropout(QUICK).tune(encoder, catalogue, training)
    half = Catalogue(
        catalogue.items, catalogue.fields.select(pl.col("family"), pl.lit(None).alias("other"))
    )
    other = Catalogue(
        catalogue.items, catalogue.fields.select(pl.lit(None).alias("family"), pl.col("other"))
    )

    def agreement(part: Any) -> float:
        # How much nearer the rest of an item is to its own first word than to those of the others.
        S = (part.encode(half).matrix @ part.encode(other).matrix.T)[:-1, :-1]
        return float(S.diagonal().mean() - S.mean())

    assert agreement(tuned) > agreement(encoder) + 0.1


def test_behaviour_is_not_looked_at(encoder: Any, catalogue: Catalogue, training: Training) -> None:
    log = training.log
    turned = replace(log, item=log.item[::-1].copy())
    short = replace(QUICK, schedule=Schedule(epochs=1, batch=30))
    first = AttributeDropout(short).tune(encoder, catalogue, training).folder
    assert (
        AttributeDropout(short).tune(encoder, catalogue, replace(training, log=turned)).folder
        == first
    )


def test_items_outside_the_training_part_are_not_trained_on(
    encoder: Any, catalogue: Catalogue, training: Training
) -> None:
    few = replace(training, log=training.log.take(training.log.item < 2))
    short = replace(QUICK, schedule=Schedule(epochs=1, batch=30))
    first = AttributeDropout(short).tune(encoder, catalogue, few).folder
    assert first != AttributeDropout(short).tune(encoder, catalogue, training).folder
    one = replace(training, log=training.log.take(training.log.item < 1))
    with pytest.raises(Refused, match="fewer than two"):
        AttributeDropout(short).tune(encoder, catalogue, one)
