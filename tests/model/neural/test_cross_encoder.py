"""Reading history and candidate together, with a tiny transformer made on the spot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from palate import ranks, store
from palate.arrays import Doubles, Floats, Ragged
from palate.encode.text.transformer import TransformerSettings
from palate.encode.text_source import BlockTexts
from palate.errors import BadRecipe, Refused
from palate.gradient.loop import Schedule
from palate.model.neural.cross_encoder import CrossEncoder, CrossEncoderSettings
from palate.registry import PartSpec
from palate.stages import FitContext, Scorer
from palate.tables import (
    Cases,
    Catalogue,
    FeatureTable,
    Histories,
    Interactions,
    Training,
    Vocabulary,
)
from palate.testing.language_models import make_language_model

COLOURS = ("red", "blue", "green")
THINGS = ("wine", "glass", "story", "river", "dragon", "city", "queen", "guitar", "garden", "tools")
N_ITEMS = len(COLOURS) * len(THINGS)
QUICK = CrossEncoderSettings(
    candidates=12,
    last=2,
    item_tokens=6,
    negatives=4,
    schedule=Schedule(epochs=10, batch=24, rate=2e-3, patience=10),
)


class Cloudy:
    """Knows nothing that helps, but gives everybody an order of their own."""

    uses_validation = False

    def score(self, histories: Histories) -> Floats:
        newest = histories.items.values[np.maximum(histories.items.offsets[1:] - 1, 0)]
        return (((np.arange(N_ITEMS)[None, :] * 7919 + newest[:, None] * 104729) % 97) / 97).astype(
            np.float32
        )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_language_model(tmp_path_factory.mktemp("tiny") / "model")


def world(folder: Path, informative: bool = True) -> tuple[Training, FitContext]:
    """Everybody stays with one colour, and the titles tell it; or they tell nothing."""
    random = np.random.default_rng(0)
    colour = np.arange(N_ITEMS) % 3
    titles: list[str | None] = [f"{COLOURS[i % 3]} {THINGS[i // 3]}" for i in range(N_ITEMS)]
    if not informative:
        titles = [titles[i] for i in random.permutation(N_ITEMS)]
    titles[-1] = None
    users = 240
    rows = [
        random.choice(np.flatnonzero(colour == u % 3)[:-1], 4, replace=False) for u in range(users)
    ]
    user = np.repeat(np.arange(users, dtype=np.int32), 3)
    item = np.concatenate([r[:3] for r in rows]).astype(np.int32)
    items = Vocabulary.of(range(N_ITEMS))
    log = Interactions(
        Vocabulary.of(range(users)), items, user, item, np.ones(len(user), np.float32)
    )
    histories = Histories.of(log, np.arange(users, dtype=np.int32))
    cases = Cases(histories, histories.items, Ragged.of([r[3:] for r in rows]))
    spec = PartSpec(
        "text.transformer.v1", TransformerSettings(str(folder), backend="torch", precision="f32")
    )
    catalogue = Catalogue(items, pl.DataFrame({"title": titles}))
    reader = spec.build().fit(catalogue, np.arange(N_ITEMS, dtype=np.int32))
    text = BlockTexts(lambda: reader, catalogue)
    members: dict[str, Scorer] = {"cloudy": Cloudy()}  # type: ignore[dict-item]
    context = FitContext(seed=1, members=members, texts={"text": text})
    return Training(log, FeatureTable(items), cases), context


def ndcg(model: Scorer, cases: Cases) -> Doubles:
    return ranks.ndcg(ranks.positions(model.score(cases.histories), cases.seen, cases.targets), 10)


@pytest.fixture(scope="module")
def fitted(folder: Path) -> tuple[CrossEncoder, Training, FitContext]:
    training, context = world(folder)
    shown = replace(training, validation=training.validation.take(np.arange(0, 120)))
    return CrossEncoder(QUICK).fit(shown, context), training, context


def test_reading_lifts_the_right_candidates(
    fitted: tuple[CrossEncoder, Training, FitContext],
) -> None:
    model, training, context = fitted
    test = training.validation.take(np.arange(120, 240))
    gain = ndcg(model, test) - ndcg(context.members["cloudy"], test)
    assert model.weight_ > 0
    assert gain.mean() > 3 * gain.std() / np.sqrt(len(gain))


def test_titles_that_say_nothing_get_no_weight_or_gain_nothing(folder: Path) -> None:
    training, context = world(folder, informative=False)
    shown = replace(training, validation=training.validation.take(np.arange(0, 120)))
    model = CrossEncoder(replace(QUICK, evidence=2.0)).fit(shown, context)
    test = training.validation.take(np.arange(120, 240))
    gain = ndcg(model, test) - ndcg(context.members["cloudy"], test)
    assert gain.mean() < 3 * max(float(gain.std()), 1e-9) / np.sqrt(len(gain)) + 0.02


def test_stored_it_answers_the_same_and_does_not_need_the_language_model(
    fitted: tuple[CrossEncoder, Training, FitContext], tmp_path: Path
) -> None:
    model, training, context = fitted
    state = model.state()
    store.write(tmp_path / "m", state.arrays, state.facts, "safetensors")
    stored = store.read(tmp_path / "m")
    assert stored is not None
    again = CrossEncoder(QUICK).load(stored, context.members)
    histories = training.validation.histories.take(np.arange(20))
    assert again.score(histories).tobytes() == model.score(histories).tobytes()
    assert again.weight_ == model.weight_


def test_what_was_read_stands_above_the_rest_in_the_members_order(
    fitted: tuple[CrossEncoder, Training, FitContext],
) -> None:
    model, training, context = fitted
    histories = training.validation.histories.take(np.arange(10))
    member = ranks.masked(context.members["cloudy"].score(histories), histories.items)
    scores = ranks.masked(model.score(histories), histories.items)
    for row, own in zip(scores, member, strict=True):
        best = np.argsort(-own, kind="stable")[:12]
        rest = np.setdiff1d(np.flatnonzero(np.isfinite(own)), best)
        assert row[best].min() > row[rest].max()
        assert np.array_equal(np.argsort(row[rest]), np.argsort(own[rest]))


def test_pairs_are_put_together_newest_first(
    fitted: tuple[CrossEncoder, Training, FitContext],
) -> None:
    reader = fitted[0].reader_
    item, older, newer, oldest = (reader.tokens[i].tolist() for i in (0, 1, 2, 3))
    assert reader.pair(np.array([3, 1, 2], np.int32), 0) == [*item, *newer[1:], *older[1:]]
    assert oldest[0] == item[0]
    assert len(reader.tokens[N_ITEMS - 1]) == 0
    assert max(reader.tokens.lengths()) <= 6


def test_refusals(folder: Path) -> None:
    training, context = world(folder)
    with pytest.raises(BadRecipe, match="no language model"):
        CrossEncoder(QUICK).fit(training, replace(context, texts={}))
    with pytest.raises(BadRecipe, match='did you mean "text"'):
        CrossEncoder(replace(QUICK, block="txt")).fit(training, context)
    with pytest.raises(BadRecipe, match="needs other models"):
        CrossEncoder(QUICK).fit(training, replace(context, members={}))
    with pytest.raises(Refused, match="validation cases"):
        CrossEncoder(QUICK).fit(
            replace(training, validation=training.validation.take(np.arange(5))), context
        )

    class Mute:
        def texts(self) -> Sequence[str | None]:
            return [None] * N_ITEMS

        def language_model(self) -> object:
            return context.texts["text"].language_model()

    with pytest.raises(Refused, match="item that has a text"):
        CrossEncoder(QUICK).fit(training, replace(context, texts={"mute": Mute()}))  # type: ignore[dict-item]
