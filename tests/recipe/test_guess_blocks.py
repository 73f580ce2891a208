"""Which blocks are proposed for a catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from palate.data.assemble import read_frames
from palate.recipe import guess_blocks
from palate.recipe.guess_blocks import guessed_blocks
from palate.recipe.propose import guessed_recipe
from palate.recipe.recipe import parse
from palate.registry import spec
from palate.tables import Dataset

N = 120


def shop(**fields: Any) -> Dataset:
    rng = np.random.default_rng(0)
    log = pl.DataFrame({"user_id": rng.integers(0, 30, 600), "item_id": rng.integers(0, N, 600)})
    return read_frames(log, pl.DataFrame({"item_id": range(N), **fields}))


def _rich() -> Dataset:
    rng = np.random.default_rng(1)
    words = [f"word{chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(200)]
    title = [" ".join(rng.choice(words, 5)) for _ in range(N)]
    return shop(
        title=title,
        title_lower=[t.lower() for t in title],
        price=[f"${v:,.2f}" for v in rng.uniform(5, 5000, N)],
        tags=["|".join(rng.choice(["new", "sale", "eco", "kids"], 2)) for _ in range(N)],
        colours=[str(list(rng.choice(["red", "blue"], 1))) for _ in range(N)],
        spec=[f'{{"size": "{s}"}}' for s in rng.choice(["S", "M"], N)],
        code=[f"SKU{i:05d}" for i in range(N)],
        stock=rng.integers(0, 9, N),
    )


def test_words_once_and_everything_else_as_structured_fields() -> None:
    data = _rich()
    found = guessed_blocks(data.catalogue)
    assert found.blocks["text.tfidf"]["fields"][0] == "title"
    assert "title_lower" not in str(found.blocks)
    assert set(found.blocks["fields"]["fields"]) == {"price", "tags", "colours", "spec", "stock"}
    said = " ".join(found.reasons)
    assert (
        'In nearly all items "title_lower" says the same as "title", so it is not encoded again.'
        in said
    )
    assert "As structured fields" in said
    parse(guessed_recipe(data), Path())
    table = dict(found.blocks["fields"])
    block = (
        spec(table, "encoder")
        .build()
        .fit(data.catalogue, np.arange(N, dtype=np.int32))
        .encode(data.catalogue)
    )
    assert "price" in block.columns
    assert "tags=eco" in block.columns
    assert "spec=size: S" in block.columns


@pytest.mark.parametrize(("libraries", "weights"), [(False, True), (True, False), (False, False)])
def test_without_a_language_model_the_recipe_does_without_and_says_so(
    libraries: bool, weights: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guess_blocks, "usable", lambda: libraries)
    monkeypatch.setattr(guess_blocks, "at_hand", lambda model: weights)
    monkeypatch.setattr(guess_blocks, "model_for", lambda languages, n=0: None)
    found = guessed_blocks(_rich().catalogue)
    assert set(found.blocks) == {"text.tfidf", "fields"}
    assert any(
        "No language model" in reason and "pip install" in reason for reason in found.reasons
    )


def test_with_one_it_reads_the_same_fields_as_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guess_blocks, "usable", lambda: True)
    monkeypatch.setattr(guess_blocks, "at_hand", lambda model: True)
    blocks = guessed_blocks(_rich().catalogue).blocks
    assert blocks["text.minilm"]["fields"] == blocks["text.tfidf"]["fields"]


def test_large_catalogues_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guess_blocks, "MANY_ITEMS", N)
    blocks = guessed_blocks(_rich().catalogue).blocks
    assert blocks["text.tfidf"]["max_words"] == 100_000
    assert blocks["fields"]["max_values"] == 300


def test_codes_are_no_words_and_numbers_that_name_an_item_no_fields() -> None:
    data = shop(
        kind=[f"{i % 7}" + "," + f"{i % 5}" for i in range(N)],
        index=list(range(N)),
        work_id=[7919 * i for i in range(N)],
        sold=[7919 * i for i in np.random.default_rng(0).permutation(N)],
        prepaid=[7919 * i for i in np.random.default_rng(1).permutation(N)],
        size=[1.5, 2] * (N // 2),
    )
    blocks = guessed_blocks(data.catalogue).blocks
    assert set(blocks) == {"fields"}
    assert blocks["fields"]["fields"] == ["kind", "sold", "prepaid", "size"]


def test_no_catalogue_no_block() -> None:
    bare = read_frames(pl.DataFrame({"user_id": [1, 1], "item_id": [1, 2]}))
    assert guessed_blocks(bare.catalogue).blocks == {}


def _chinese() -> Dataset:
    words = ["手机壳", "红茶", "绘本", "鼠标", "剃须刀", "洗发水", "外套", "酒店"]
    rng = np.random.default_rng(2)
    return shop(name=["".join(rng.choice(words, 4)) + f" {i}" for i in range(N)])


@pytest.mark.parametrize(
    ("model", "here", "blocks"),
    [
        ("e5-small", True, {"text.tfidf", "text.multilingual"}),
        ("use-v3", False, {"text.tfidf", "text.multilingual"}),
        (None, True, {"text.tfidf"}),
        (None, False, {"text.tfidf"}),
    ],
)
def test_chinese_is_cut_into_words_and_read_by_a_model_of_many_languages(
    model: str | None, here: bool, blocks: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guess_blocks, "_multilingual", lambda: "")
    monkeypatch.setattr(guess_blocks, "model_for", lambda languages, n=0: model)
    monkeypatch.setattr(guess_blocks.chinese, "at_hand", lambda: here)
    found = guessed_blocks(_chinese().catalogue)
    assert set(found.blocks) == blocks
    words = found.blocks["text.tfidf"]
    assert words.get("chinese") == ("words" if here else None)
    assert words.get("simplify") == (True if here else None)
    said = " ".join(found.reasons)
    assert ("palate[chinese]" in said) == (not here)
    assert ("palate[multilingual]" in said) == (model is None)
    if model:
        assert found.blocks["text.multilingual"]["model"] == model


def test_a_model_of_the_hub_goes_before_the_small_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guess_blocks, "_multilingual", lambda: guess_blocks.MULTILINGUAL[0])
    blocks = guessed_blocks(_chinese().catalogue).blocks
    assert blocks["text.minilm"]["model"] == guess_blocks.MULTILINGUAL[0]
    assert "text.multilingual" not in blocks


def test_english_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guess_blocks, "usable", lambda: True)
    monkeypatch.setattr(guess_blocks, "at_hand", lambda model: True)
    words = ["red", "wine", "glass", "lamp", "chair", "table", "garden", "river"]
    rng = np.random.default_rng(3)
    data = shop(title=[" ".join(rng.choice(words, 5)) for _ in range(N)])
    blocks = guessed_blocks(data.catalogue).blocks
    assert set(blocks) == {"text.tfidf", "text.minilm"}
    assert "chinese" not in blocks["text.tfidf"]
