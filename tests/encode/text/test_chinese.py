"""Chinese words, mixed text, full-width letters and traditional characters."""

from __future__ import annotations

import builtins

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate import optional
from palate.encode.content_encoder import text_matrix
from palate.encode.text import chinese
from palate.encode.text.chinese import cut, cutting_libraries, pieces, simplified
from palate.encode.text.hashing import Hashing, HashingSettings
from palate.encode.text.tfidf import Tfidf, TfidfSettings
from palate.encode.text.words import Cutting, words
from palate.errors import MissingExtra
from palate.tables import Catalogue, Vocabulary

pytest.importorskip("rjieba")
pytest.importorskip("opencc")

WORDS = Cutting("words", simplify=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("iPhone 手机壳 Pro版", {"iphone", "手机", "pro"}),
        ("\uff49\uff30\uff48\uff4f\uff4e\uff45手机壳", {"iphone", "手机"}),
        ("手機殼", {"手机", "壳"}),
        ("红楼梦", {"红楼梦", "红", "楼", "梦"}),
        ("電腦 5 oz", {"电脑", "5", "oz"}),
    ],
)
def test_words_of_mixed_text(text, expected):
    assert expected <= set(words(text, WORDS))


@pytest.mark.parametrize("text", ["こんにちは世界", "ภาษาไทย", "한국 소설", "L'Oréal 1.7 oz", ""])
def test_other_scripts_are_cut_as_before(text):
    assert words(text, Cutting("words")) == words(text)


def test_without_the_settings_nothing_changes():
    assert words("手機殼") == ["手", "機", "殼", "手機", "機殼"]
    assert cutting_libraries("characters", simplify=False) == ()
    assert Hashing().identity() == {
        "part": "text.hashing.v1",
        "dims": 512,
        "word_runs": 1,
        "letters": 0,
    }


def test_the_libraries_that_cut_belong_to_the_identity():
    identity = Hashing(HashingSettings(chinese="words", simplify=True)).identity()
    assert identity["chinese"] == "words"
    assert [name.split()[0] for name in identity["libraries"]] == ["rjieba", "opencc"]


@given(st.text(alphabet=st.characters(max_codepoint=0x2FFFF, exclude_categories=("Cs",))))
def test_pieces_make_up_the_text(text):
    assert "".join(pieces(text, cut)) == text
    assert "".join(pieces(text, list)) == text


@given(st.text(alphabet="一乙二十丁厂七卜人入八九几儿手機殼红楼梦", min_size=1))
def test_no_character_is_lost(text):
    assert "".join(cut(text)) == text
    assert set(text) <= set(words(text, Cutting("words")))


def test_a_query_in_traditional_or_full_width_characters_finds_the_item():
    shop = Catalogue(
        Vocabulary.of("abc"),
        pl.DataFrame({"title": ["iPhone 手机壳 Pro版", "有机红茶", "儿童绘本"]}),
    )
    part = Tfidf(TfidfSettings(("title",), chinese="words", simplify=True))
    block = part.fit(shop, np.arange(3, dtype=np.int32)).encode(shop)
    assert "手机" in block.columns
    wide = "IPHONE".translate({n: n + 0xFEE0 for n in range(65, 91)})
    queries = pl.DataFrame({"title": ["手機殼", "有機紅茶", wide]})
    found = part.encode(Catalogue(Vocabulary.of("xyz"), queries)).matrix @ block.matrix.T
    assert found.argmax(axis=1).ravel().tolist()[0] == [0, 1, 0]


def test_a_fitted_part_keeps_its_words_when_it_is_loaded():
    shop = Catalogue(Vocabulary.of("ab"), pl.DataFrame({"title": ["有機紅茶", "手机壳"]}))
    settings = TfidfSettings(("title",), chinese="words", simplify=True)
    part = Tfidf(settings).fit(shop, np.arange(2, dtype=np.int32))
    again = Tfidf(settings).load(part.state())
    assert (again.encode(shop).matrix != part.encode(shop).matrix).nnz == 0


def test_words_and_characters_are_two_vectors():
    one, other = (
        text_matrix(Hashing(HashingSettings(chinese=how)), ["红楼梦真好看"])[0][0]
        for how in ("characters", "words")
    )
    assert 0.2 < one @ other < 0.99


@pytest.mark.parametrize(
    ("call", "module"), [(lambda: cut("红楼"), "rjieba"), (lambda: simplified("紅樓"), "opencc")]
)
def test_a_missing_library_is_named_with_its_extra(call, module, monkeypatch):
    real = builtins.__import__
    monkeypatch.setattr(optional.importlib, "import_module", lambda name: real("no_such_" + name))
    for cached in (chinese._dictionary, chinese._converter):
        cached.cache_clear()
    with pytest.raises(MissingExtra, match=module) as refused:
        call()
    assert "palate[chinese]" in str(refused.value)
