"""Providers over sentence vectors: taught, zero-shot, clusters, and the majority."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from palate import registry
from palate.encode.attributes.local.majority import Majority
from palate.errors import BadInput, BadRecipe
from palate.tables.questions import Answer, Lesson, Question
from palate.testing.provider import QUESTIONS, made_lesson

HASHING = {"part": "text.hashing.v1", "dims": 1024}
LESSON = made_lesson(120)
OTHERS = made_lesson(60, seed=5)
TOPIC = QUESTIONS[0]


def built(name: str, **settings: Any) -> Any:
    return registry.spec({"part": name, **settings}, "provider").build()


def topics(part: Any, lesson: Lesson = OTHERS) -> list[Answer]:
    texts = [t for t in lesson.texts if t is not None]
    return [answers[0] for _, answers in part.answers(texts, QUESTIONS)]


def right(answers: list[Answer]) -> float:
    truth = [t for t in OTHERS.items.fields["topic"].to_list() if t is not None]
    best = [TOPIC.options[int(np.argmax(a.probabilities))] for a in answers]
    return float(np.mean([a == b for a, b in zip(best, truth, strict=True)]))


def test_taught_by_fields_it_knows_new_items() -> None:
    part = built("answers.taught.v1", encoder=HASHING, sample=60).learn(LESSON)
    assert right(topics(part)) > 0.95
    texts = ["garden shoes, great", "an old red wine"]
    uses = [answers[1] for _, answers in part.answers(texts, QUESTIONS)]
    assert uses[0].probabilities[0] < 0.5 < uses[0].probabilities[1] or uses[0].probabilities
    assert all(answers[3].unknown for _, answers in part.answers(texts, QUESTIONS))


def test_taught_by_a_provider_it_needs_no_field() -> None:
    bare = Lesson(
        made_lesson(120).items.__class__(LESSON.items.items, LESSON.items.fields.select("title")),
        LESSON.texts,
        QUESTIONS,
    )
    teacher = {"part": "answers.dictionary.v1"}
    part = built("answers.taught.v1", encoder=HASHING, teacher=teacher).learn(bare)
    assert right(topics(part)) > 0.95
    with pytest.raises(BadInput, match="no answer to learn from"):
        built("answers.taught.v1", encoder=HASHING).learn(bare)


def test_taught_of_two_options_and_of_one_that_never_occurs() -> None:
    two = Question("topic", "label", options=("wine", "dragons"))
    four = Question("topic", "label", options=(*TOPIC.options, "space ships"))
    for question in (two, four):
        lesson = Lesson(LESSON.items, LESSON.texts, (question,))
        part = built("answers.taught.v1", encoder=HASHING).learn(lesson)
        found = dict(part.answers(["an old red wine", "dragons and queens"], (question,)))
        assert np.argmax(found[0][0].probabilities) == 0
        assert np.argmax(found[1][0].probabilities) == 1
        if question is four:
            assert found[0][0].probabilities[3] < 0.01


def test_zero_shot_finds_options_by_their_words() -> None:
    part = built("answers.zero_shot.v1", encoder=HASHING).learn(LESSON)
    assert right(topics(part)) > 0.9
    ends = {"mood": ["sad terrible", "happy great"]}
    part = built("answers.zero_shot.v1", encoder=HASHING, ends=ends).learn(LESSON)
    texts = ["a sad tale", "happy shoes"]
    mood = [answers[2].number for _, answers in part.answers(texts, QUESTIONS)]
    assert mood[0] < 0 < mood[1]


def test_zero_shot_centres_over_the_training_items() -> None:
    # every text says "wine": uncentred it would be the answer to all
    texts = [f"wine {t}" for t in LESSON.texts if t is not None]
    question = Question("topic", "label", options=("wine", "dragons", "shoes"))
    fields = LESSON.items.fields[1:].with_columns(title=pl.Series(texts))
    items = LESSON.items.__class__(
        LESSON.items.items.__class__.of(LESSON.items.items.ids[1:]), fields
    )
    part = built("answers.zero_shot.v1", encoder=HASHING).learn(Lesson(items, texts, (question,)))
    found = dict(part.answers(["wine with happy running shoes for work"], (question,)))
    assert np.argmax(found[0][0].probabilities) == 2


def test_clusters_of_chinese_texts_are_named_by_words() -> None:
    pytest.importorskip("rjieba")
    pytest.importorskip("opencc")
    texts = ["这家酒店的房间很干净", "酒店房間太小", "手机屏幕很清晰", "手机电池不耐用"] * 5
    question = Question("kind", "label")
    named = {
        how: built("answers.clusters.v1", encoder=HASHING, words=1, **settings).propose(
            texts, question, 2, seed=0
        )
        for how, settings in (
            ("usual", {}),
            ("words", {"chinese": "words", "simplify": True}),
        )
    }
    assert set(named["words"]) <= {"酒店", "房间", "手机", "屏幕", "电池"}
    assert max(map(len, named["usual"])) > 4


def test_clusters_propose_names_and_answer_with_their_own() -> None:
    question = Question("theme", "label")
    part = built("answers.clusters.v1", encoder=HASHING)
    kinds = ("old red wine glass", "running shoes for work", "sad dragons and queens")
    texts = [f"{kinds[i % 3]} no{i}" for i in range(30)]
    names = part.propose(texts, question, 3, 0)
    assert len(names) == len(set(names)) == 3
    assert any(n == "glass old" for n in names)
    asked = Question("theme", "label", options=tuple(names))
    part.learn(Lesson(LESSON.items, LESSON.texts, (asked,)))
    found = [int(np.argmax(a[0].probabilities)) for _, a in part.answers(texts[:9], (asked,))]
    assert found == found[:3] * 3
    assert len(set(found)) == 3
    other = Question("theme", "label", options=("x", "y"))
    assert all(a[0].unknown for _, a in part.answers(texts[:2], (other,)))
    numbered = built("answers.clusters.v1", encoder=HASHING, numbered=True)
    assert numbered.propose(texts, question, 3, 0) == ["cluster 1", "cluster 2", "cluster 3"]


def test_a_majority_says_the_shares() -> None:
    part = Majority().learn(LESSON)
    ((_, answers),) = part.answers(["whatever"], QUESTIONS)
    assert answers[0].probabilities == pytest.approx((39 / 119, 40 / 119, 40 / 119))
    assert answers[3].unknown


def test_an_encoder_of_something_else_is_refused() -> None:
    part = built("answers.zero_shot.v1", encoder={"part": "text.tfidf.v1"})
    with pytest.raises(BadRecipe, match="single texts"):
        part.learn(LESSON)
