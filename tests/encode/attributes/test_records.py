"""Nothing is asked twice, and what was answered is kept whatever happens next."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.encode.attributes.asked import Recorder, by_words

from palate.encode.attributes.records import (
    AnswerRecord,
    AnswerStore,
    plain_questions,
    questions_of,
    record_identity,
)
from palate.encode.row_cache import RowCache
from palate.errors import Refused
from palate.tables.questions import Answer, Question

QUESTIONS = (
    Question("colour", "label", "its colour", ("red", "blue")),
    Question("size", "scale", ends=(-1, 1)),
    Question("last", "text", evidence=True),
)
TEXTS = ["a red hat", None, "a blue hat", "a red hat", "silent"]


def test_distinct_texts_are_asked_once_and_a_silent_one_again(tmp_path: Path) -> None:
    provider = Recorder(by_words)
    asked = AnswerStore(RowCache(tmp_path))
    found = asked.records(provider, TEXTS, QUESTIONS)
    assert provider.asked == ["a red hat", "a blue hat", "silent"]
    assert list(found) == ["a red hat", "a blue hat"]
    again = AnswerStore(RowCache(tmp_path)).records(provider, TEXTS, QUESTIONS)
    assert provider.asked[3:] == ["silent"]
    assert again == found


def test_without_a_cache_memory_keeps_them() -> None:
    provider, asked = Recorder(by_words), AnswerStore()
    first = asked.records(provider, TEXTS[:3], QUESTIONS)
    assert asked.records(provider, TEXTS[:3], QUESTIONS) == first
    assert len(provider.asked) == 2


@pytest.mark.parametrize("other", ["identity", "questions"])
def test_another_provider_or_question_is_asked_anew(tmp_path: Path, other: str) -> None:
    provider = Recorder(by_words)
    AnswerStore(RowCache(tmp_path)).records(provider, TEXTS, QUESTIONS)
    second = Recorder(by_words, identity="other" if other == "identity" else "recorder")
    questions = QUESTIONS[::-1] if other == "questions" else QUESTIONS
    AnswerStore(RowCache(tmp_path)).records(second, TEXTS, questions)
    assert len(second.asked) == 3


def test_what_was_paid_for_is_kept_when_the_provider_gives_up(tmp_path: Path) -> None:
    texts = [f"a red hat {i}" for i in range(10)]
    provider = Recorder(by_words, most=4)
    with pytest.raises(Refused):
        AnswerStore(RowCache(tmp_path)).records(provider, texts, QUESTIONS)
    second = Recorder(by_words)
    found = AnswerStore(RowCache(tmp_path)).records(second, texts, QUESTIONS)
    assert second.asked == texts[4:]
    assert len(found) == 10


def test_an_answer_that_does_not_fit_is_kept_as_unknown_with_its_fault() -> None:
    def wrong(text: str, question: Question) -> Answer:
        return Answer(number=7.0)

    found = AnswerStore().records(Recorder(wrong), ["x"], QUESTIONS)
    assert all(a.unknown and a.fault for a in found["x"].answers)


def test_the_cost_is_shared_out() -> None:
    found = AnswerStore().records(Recorder(by_words), TEXTS[:3], QUESTIONS)
    assert [r.cost for r in found.values()] == [0.5, 0.5]


def test_progress_goes_on_where_the_cache_ends(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    AnswerStore(RowCache(tmp_path)).records(Recorder(by_words), TEXTS[:1], QUESTIONS)
    asked = AnswerStore(RowCache(tmp_path), lambda done, whole: told.append((done, whole)))
    asked.records(Recorder(by_words), TEXTS[:3], QUESTIONS)
    assert told[0] == (1, 2)
    assert told[-1] == (2, 2)


def test_records_and_questions_come_back_as_they_were() -> None:
    answers = (Answer((0.1, 0.9), confidence=0.9), Answer(number=0.0), Answer(fault="no"))
    record = AnswerRecord(answers, 0.25, 0.001)
    assert AnswerRecord.of(record.plain()) == record
    assert questions_of(plain_questions(QUESTIONS)) == QUESTIONS
    assert record_identity(Recorder(by_words), QUESTIONS)["provider"] == "recorder"
