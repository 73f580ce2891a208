"""Values picked out by their neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from palate import registry
from palate.encode.attributes.local.tagged_words import (
    features_of,
    likeliest,
    marked,
    spans_of,
    words_of,
)
from palate.errors import BadInput
from palate.tables import Catalogue, Vocabulary
from palate.tables.questions import Lesson, Question

BRAND = Question("brand", "text", evidence=True)
SIZE = Question("size", "text")


def lesson(n: int = 80, start: int = 0) -> Lesson:
    makers = [f"Br{chr(97 + (start + i) % 26)}{chr(97 + (start + i) // 26)}nd" for i in range(n)]
    sizes = [f"{(7 * i) % 90 + 1} oz" for i in range(n)]
    texts = [f"hair oil by {m}, {s} bottle" for m, s in zip(makers, sizes, strict=True)]
    fields = pl.DataFrame({"title": texts, "brand": makers, "size": sizes})
    return Lesson(Catalogue(Vocabulary.of(map(str, range(n))), fields), texts, (BRAND, SIZE))


def built(**settings: Any) -> Any:
    return registry.spec({"part": "answers.tagger.v1", **settings}, "provider").build()


def test_values_that_it_never_saw_are_found_with_their_evidence() -> None:
    part = built().learn(lesson())
    found = dict(part.answers(["hair oil by Zyxwv, 333 oz bottle", "no value here"], (BRAND, SIZE)))
    assert found[0][0].words == found[0][0].evidence == ("Zyxwv",)
    assert found[0][1].words == ("333 oz",)
    assert 0.3 < found[0][0].confidence <= 1
    assert found[1][1].unknown


def test_a_text_without_words_has_no_value() -> None:
    part = built().learn(lesson())
    ((_, answers),) = part.answers(["  "], (BRAND, Question("m", "scale")))
    assert all(a.unknown for a in answers)


def test_values_that_stand_nowhere_are_refused() -> None:
    plain = lesson(20)
    other = Lesson(plain.items, [f"text {i}" for i in range(20)], plain.questions)
    with pytest.raises(BadInput, match="no value stands"):
        built().learn(other)


def test_words_values_and_spans_lead_to_each_other() -> None:
    words = words_of("Red hat, 12oz by Acme Pro")
    assert [w.text for w in words] == ["Red", "hat", ",", "12", "oz", "by", "Acme", "Pro"]
    tags = marked(words, [["acme", "Acme Pro"], ["12oz"]])
    assert tags.tolist() == [0, 0, 0, 3, 4, 0, 1, 2]
    assert list(spans_of(tags)) == [(1, 3, 5), (0, 6, 8)]
    assert list(spans_of(np.array([1, 1, 2, 0, 3]))) == [(0, 0, 1), (0, 1, 3), (1, 4, 5)]
    assert [w.text for w in words_of("蓝色hat")] == ["蓝", "色", "hat"]
    assert features_of(words).shape[0] == 8


def test_no_value_goes_on_that_did_not_begin() -> None:
    # alone the second word is likeliest inside, the first outside: together one has to give way
    scores = np.log(np.array([[0.5, 0.4, 0.1], [0.3, 0.1, 0.6]]))
    assert likeliest(scores).tolist() == [1, 2]
    scores = np.log(np.array([[0.98, 0.01, 0.01], [0.3, 0.1, 0.6]]))
    assert likeliest(scores).tolist() == [0, 0]
    assert likeliest(np.log(np.array([[0.1, 0.2, 0.7]]))).tolist() == [1]
