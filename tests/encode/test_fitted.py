from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from palate.arrays import Ragged, dense
from palate.encode.blocks import encode_block
from palate.encode.fitted import FittedBlock, FittedParts, FusedOf
from palate.encode.row_cache import RowCache
from palate.errors import Refused
from palate.fuse.concat import Concat
from palate.registry import spec
from palate.tables import (
    Cases,
    Catalogue,
    FeatureTable,
    Histories,
    Interactions,
    Training,
    Vocabulary,
)

ROWS = np.arange(5, dtype=np.int32)


@pytest.fixture
def shop():
    titles = ["red wine", "blue wine", "old lamp", "nail polish", "red lamp", None, "dragon"]
    brands = ["acme", None, "zenith", "acme", "north", None, "acme"]
    return Catalogue(Vocabulary.of("abcdefg"), pl.DataFrame({"title": titles, "brand": brands}))


def made(part, shapes, shop, **settings):
    encoder = spec({"part": part, "fields": ["title", "brand"], **settings}, "encoder")
    transforms = [spec({"part": s}, "block_transform") for s in shapes]
    return encode_block("words", encoder, transforms, shop, ROWS, cache=False)


@pytest.mark.parametrize("part", ["text.tfidf.v1", "text.hashing.v1"])
@pytest.mark.parametrize("shapes", [[], ["geometry.centre.v1", "geometry.l2.v1"]])
def test_the_items_own_texts_give_the_items_rows(part, shapes, shop):
    space = made(part, shapes, shop)
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
    assert np.array_equal(rows, dense(space.block.matrix))
    assert present.tolist() == space.block.present.tolist()


def test_any_text_is_put_among_them(shop):
    space = made("text.tfidf.v1", [], shop)
    rows, present = space.encode(["lamp wine", None, "unknown"])
    assert present.tolist() == [True, False, False]
    assert rows.shape == (3, space.block.width)
    assert not rows[1:].any()
    assert space.count(["one two", ""]).tolist() == [2, 0]
    assert space.limit() is None


def test_histories_that_come_again_are_read_from_the_cache(shop, tmp_path):
    cache = RowCache(tmp_path)
    space = replace(made("text.hashing.v1", [], shop), cache=cache)
    first = space.encode(["red wine; lamp"])
    assert cache.stats.computed == 1
    again = space.encode(["red wine; lamp", "red wine; lamp"])
    assert (cache.stats.computed, cache.stats.hits) == (1, 1)
    assert np.array_equal(again[0][1], first[0][0])


def fused(shop):
    """The words and the brands side by side, with one of the two scaled after fusing."""
    words = made("text.hashing.v1", ["geometry.centre.v1"], shop, dims=8)
    brands = made("structured.fields.v1", [], shop, fields=["brand"])
    fuser = Concat()
    blocks = {"words": words.block, "brands": brands.block}
    log = Interactions(Vocabulary.of("u"), shop.items, *(np.zeros(1, np.int32),) * 2, np.ones(1))
    nothing = Cases(*no_cases())
    start = fuser.fit(blocks, Training(log, FeatureTable(shop.items), nothing)).fuse(blocks)
    l2 = spec({"part": "geometry.l2.v1"}, "block_transform").build().fit(start, ROWS)
    block = replace(l2.transform(start), name="both")
    parts = FittedParts(FusedOf(fuser, {"words": words, "brands": brands}), (l2,))
    return FittedBlock.of(block, shop, parts, cache=False)


def no_cases():
    nobody = Ragged.of([])
    return Histories(np.zeros(0, np.int32), nobody, np.zeros(0, np.float32)), nobody, nobody


def grown(shop):
    """The shop with two more items: one of known words, one with nothing to say."""
    more = pl.DataFrame({"title": ["red dragon", None], "brand": ["acme", None]})
    return Catalogue(Vocabulary.of("abcdefghi"), pl.concat([shop.fields, more]))


@pytest.mark.parametrize("part", ["text.tfidf.v1", "text.hashing.v1", "fused"])
def test_a_catalogue_that_grew_keeps_its_rows_and_gets_more(part, shop):
    fitted = fused(shop) if part == "fused" else made(part, ["geometry.centre.v1"], shop)
    block = fitted.extend(grown(shop))
    assert np.array_equal(dense(block.matrix)[:7], dense(fitted.block.matrix))
    assert block.present.tolist() == [*fitted.block.present.tolist(), True, False]
    assert dense(block.matrix)[7].any()
    assert not dense(block.matrix)[8].any()
    assert block.name == fitted.block.name
    assert fitted.extend(shop).origin.key() == fitted.block.origin.key()


def test_blocks_that_are_not_of_texts_take_none(shop):
    fields = made("structured.fields.v1", [], shop, fields=["brand"])
    for fitted in (fields, fused(shop)):
        with pytest.raises(Refused, match="not made of texts alone"):
            fitted.texts()
        with pytest.raises(Refused, match="not made of texts alone"):
            fitted.encode(["x"])
        assert fitted.source() is None


def test_fitted_parts_are_read_once_and_not_before_they_are_needed(shop):
    space = made("text.tfidf.v1", [], shop)
    asked = []
    lazy = FittedBlock(space.block, shop, lambda: asked.append(1) or space.parts)
    assert lazy.source() is None
    assert asked == []
    lazy.encode(["red"])
    lazy.texts()
    assert asked == [1]


def test_tokens_are_the_encoders_own(shop, tiny):
    from palate.encode.text.transformer import Transformer, TransformerSettings

    folder = str(tiny("bert"))
    encoder = spec({"part": "text.transformer.v1", "fields": ["title"], "model": folder}, "encoder")
    space = encode_block("words", encoder, [], shop, ROWS, cache=False)
    part = Transformer(TransformerSettings(model=folder))
    assert space.limit() == part.max_tokens - 1
    texts = ["red wine", "red wine; blue lamp"]
    assert space.count(texts).tolist() == part.tokeniser(texts).text_lengths().tolist()
    assert space.encode(texts)[0].shape == (2, part.width())
    assert space.source().texts() == shop.fields["title"].to_list()
    assert space.source().language_model().padding == 0
