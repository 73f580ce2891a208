"""Known values, found in texts."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from palate.encode.attributes.local.dictionary import Dictionary, DictionarySettings
from palate.errors import BadRecipe
from palate.tables import Catalogue, Vocabulary
from palate.tables.questions import Answer, Lesson, Question

BRAND = Question("brand", "text")
COLOUR = Question("colour", "label", options=("red", "dark red", "蓝色"))
USES = Question("uses", "labels", options=("work", "party"))
BRANDS = ["Acme", "Acme Pro", "North  Star", None, "x"]
ITEMS = Catalogue(Vocabulary.of("abcde"), pl.DataFrame({"brand": BRANDS}))


def asked(text: str, question: Question, **settings: Any) -> Answer:
    part = Dictionary(DictionarySettings(**settings))
    part.learn(Lesson(ITEMS, BRANDS, (BRAND, COLOUR, USES)))
    ((_, (answer,)),) = part.answers([text], (question,))
    return answer


def test_the_longest_value_that_stands_there_as_whole_words() -> None:
    found = asked("The ACME  PRO drill", BRAND)
    assert (found.words, found.evidence) == (("Acme Pro",), ("ACME  PRO",))
    assert asked("an acme drill", BRAND).words == ("Acme",)
    assert asked("a drill by Acme", BRAND).evidence == ("Acme",)
    assert asked("an acmes drill", BRAND).unknown
    assert asked("x marks", BRAND).unknown


def test_several_where_several_are_wanted() -> None:
    assert asked("acme and north star", BRAND, most=2).words == ("North  Star", "Acme")


def test_options_are_looked_for_too() -> None:
    assert asked("a dark red hat", COLOUR).probabilities == (0.0, 1.0, 0.0)
    assert asked("这件蓝色的衣服", COLOUR).probabilities == (0.0, 0.0, 1.0)
    assert asked("for party, for work", USES).probabilities == (1.0, 1.0)
    assert asked("a hat", USES).unknown


def test_a_name_that_is_not_asked_is_refused() -> None:
    with pytest.raises(BadRecipe, match="not asked"):
        asked("x", BRAND, labels={"brnd": "brand"})
