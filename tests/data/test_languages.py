"""Which language texts are in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from palate.data import languages
from palate.data.languages import latin_language

pytest.importorskip("py3langid", reason="needs py3langid, of the extra text")

GERMAN = ["Kaffeemaschine mit Mahlwerk", "Damenmantel aus Wolle", "Küchenmesser, fünfteilig"]


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        (GERMAN, "German"),
        (["Machine à café avec broyeur", "Manteau rouge en laine pour femme"], "French"),
        (["Cafetera con molinillo", "Abrigo rojo de lana para mujer", "El principito"], "Spanish"),
        (["Stół drewniany", "Krzesło biurowe czarne"], "Polish"),
        (["Coffee grinder of steel", "Wool coat for women"], "English"),
        ([*GERMAN * 5, "Coat"], "German"),
    ],
)
def test_short_titles_together_tell_the_language(texts: list[str], language: str) -> None:
    assert latin_language(pl.Series([*texts, None])) == language


@pytest.mark.parametrize(
    "texts", [[], [None], ["", " "], ["鼠标", "富勒 无线鼠标"], ["A1", "X-9"], ["мир"]]
)
def test_where_nothing_is_in_latin_words_there_is_no_language(texts: list[str | None]) -> None:
    assert latin_language(pl.Series(texts, dtype=pl.String)) == ""


def test_mixed_texts_have_none() -> None:
    halves = GERMAN * 40
    english = ["Coffee grinder of steel", "Wool coat for women", "Knives for the kitchen"] * 40
    # in turns, so that half of the parts hold one language each
    mixed = [pair[n % 2] for n, pair in enumerate(zip(halves, english, strict=True))]
    assert latin_language(pl.Series(mixed)) == ""


def test_without_the_library_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "has", lambda module: False)
    assert latin_language(pl.Series(GERMAN)) == ""


@pytest.mark.parametrize(
    ("name", "field"),
    [("amazon-beauty", "title"), ("goodbooks-10k", "title"), ("zomato-hyderabad", "item_name")],
)
def test_real_catalogues_in_english(
    data_folder: Callable[[str], Path], name: str, field: str
) -> None:
    items = pl.read_parquet(data_folder(name) / "items.parquet", columns=[field])
    assert latin_language(items[field]) == "English"


def test_codes_with_a_word_in_them_have_no_language() -> None:
    titles = [f"topic{n % 50} word{n} word{7 * n}" for n in range(400)]
    assert latin_language(pl.Series(titles)) == ""
