from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from palate.arrays import dense
from palate.encode.behaviour.space import Space
from palate.encode.blocks import encode_block
from palate.encode.row_cache import RowCache
from palate.errors import Refused
from palate.registry import spec
from palate.tables import Catalogue, Vocabulary

ROWS = np.arange(5, dtype=np.int32)


@pytest.fixture
def shop():
    titles = ["red wine", "blue wine", "old lamp", "nail polish", "red lamp", None, "dragon"]
    brands = ["acme", None, "zenith", "acme", "north", None, "acme"]
    return Catalogue(Vocabulary.of("abcdefg"), pl.DataFrame({"title": titles, "brand": brands}))


def made(part, shapes, shop, **settings):
    encoder = spec({"part": part, "fields": ["title", "brand"], **settings}, "encoder")
    transforms = [spec({"part": s}, "block_transform") for s in shapes]
    block = encode_block("words", encoder, transforms, shop, ROWS, cache=False)
    return block, Space(block, encoder, transforms, shop, ROWS, cache=False)


@pytest.mark.parametrize("part", ["text.tfidf.v1", "text.hashing.v1"])
@pytest.mark.parametrize("shapes", [[], ["geometry.centre.v1", "geometry.l2.v1"]])
def test_the_items_own_texts_give_the_items_rows(part, shapes, shop):
    block, space = made(part, shapes, shop)
    assert space.texts() == [
        "red wine. acme",
        "blue wine",
        "old lamp. zenith",
        "nail polish. acme",
        "red lamp. north",
        None,
        "dragon. acme",
    ]
    rows, present = space.encode(space.texts())
    assert np.array_equal(rows, dense(block.matrix))
    assert present.tolist() == block.present.tolist()


def test_any_text_is_put_among_them(shop):
    block, space = made("text.tfidf.v1", [], shop)
    rows, present = space.encode(["lamp wine", None, "unknown"])
    assert present.tolist() == [True, False, False]
    assert rows.shape == (3, block.width)
    assert not rows[1:].any()
    assert space.count(["one two", ""]).tolist() == [2, 0]
    assert space.limit() is None


def test_histories_that_come_again_are_read_from_the_cache(shop, tmp_path):
    block, _ = made("text.hashing.v1", [], shop)
    cache = RowCache(tmp_path)
    encoder = spec({"part": "text.hashing.v1", "fields": ["title", "brand"]}, "encoder")
    first = Space(block, encoder, [], shop, ROWS, cache).encode(["red wine; lamp"])
    assert cache.stats.computed == 1
    again = Space(block, encoder, [], shop, ROWS, cache).encode(
        ["red wine; lamp", "red wine; lamp"]
    )
    assert (cache.stats.computed, cache.stats.hits) == (1, 1)
    assert np.array_equal(again[0][1], first[0][0])


@pytest.mark.parametrize("part", [None, "structured.fields.v1"])
def test_blocks_that_are_not_of_texts_take_none(part, shop):
    block, _ = made("text.tfidf.v1", [], shop)
    encoder = None if part is None else spec({"part": part, "fields": ["brand"]}, "encoder")
    with pytest.raises(Refused, match="not made of texts alone"):
        Space(block, encoder, [], shop, ROWS).texts()


def test_tokens_are_the_encoders_own(shop, tiny):
    from palate.encode.text.transformer import Transformer, TransformerSettings

    folder = str(tiny("bert"))
    encoder = spec({"part": "text.transformer.v1", "fields": ["title"], "model": folder}, "encoder")
    space = Space(made("text.tfidf.v1", [], shop)[0], encoder, [], shop, ROWS, cache=False)
    part = Transformer(TransformerSettings(model=folder))
    assert space.limit() == part.max_tokens - 1
    texts = ["red wine", "red wine; blue lamp"]
    assert space.count(texts).tolist() == part.tokeniser(texts).text_lengths().tolist()
    assert space.encode(texts)[0].shape == (2, part.width())
