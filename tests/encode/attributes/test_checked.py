"""Answers against their questions."""

from __future__ import annotations

import pytest

from palate.encode.attributes.checked import all_checked, checked
from palate.tables.questions import Answer, Question

LABEL = Question("topic", "label", options=("a", "b"))
LABELS = Question("uses", "labels", options=("a", "b"))
SCALE = Question("mood", "scale", ends=(-1, 1))
TEXT = Question("brand", "text")
STRICT = Question("brand", "text", evidence=True)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (LABEL, Answer(probabilities=(0.25, 0.75))),
        (LABELS, Answer(probabilities=(0.9, 0.9))),
        (LABELS, Answer(probabilities=(0.0, 0.0))),
        (SCALE, Answer(number=-1.0)),
        (TEXT, Answer(words=("Acme",))),
        (STRICT, Answer(words=("Acme Inc",), evidence=("Acme",), confidence=1.0)),
        (LABEL, Answer()),
        (LABEL, Answer(fault="it said nothing")),
    ],
)
def test_what_fits_stays(question: Question, answer: Answer) -> None:
    assert checked("a hat by Acme", question, answer) == answer


@pytest.mark.parametrize(
    ("question", "answer", "fault"),
    [
        (LABEL, Answer(probabilities=(0.5, 0.6)), "add up to 1.100"),
        (LABEL, Answer(probabilities=(1.0,)), "1 probabilities of 2 options"),
        (LABEL, Answer(probabilities=(1.5, -0.5)), "not between 0 and 1"),
        (LABELS, Answer(probabilities=(float("nan"), 0.5)), "not between 0 and 1"),
        (LABEL, Answer(words=("a",)), "probabilities are missing"),
        (SCALE, Answer(number=1.5), "1.5 is not between -1 and 1"),
        (SCALE, Answer(number=float("inf")), "not between"),
        (SCALE, Answer(number=0.5, words=("x",)), "words were not wanted"),
        (TEXT, Answer(words=("  ",)), "empty or too long"),
        (TEXT, Answer(words=("x" * 201,)), "empty or too long"),
        (TEXT, Answer(words=("Acme",), evidence=("acme",)), "does not stand in the text"),
        (STRICT, Answer(words=("Acme",)), "evidence is missing"),
        (STRICT, Answer(words=("Acme",), evidence=("",)), "span of evidence"),
        (TEXT, Answer(words=("Acme",), confidence=1.2), "confidence"),
    ],
)
def test_what_does_not_fit_is_unknown_and_says_why(
    question: Question, answer: Answer, fault: str
) -> None:
    found = checked("a hat by Acme", question, answer)
    assert found.unknown
    assert fault in found.fault


def test_nearly_one_becomes_one() -> None:
    found = checked("x", LABEL, Answer(probabilities=(0.333, 0.666)))
    assert sum(found.probabilities) == pytest.approx(1.0, abs=1e-12)


def test_another_number_of_answers_is_no_answer() -> None:
    found = all_checked("x", (LABEL, SCALE), (Answer(number=0.0),))
    assert len(found) == 2
    assert all(a.unknown and "1 answers to 2 questions" in a.fault for a in found)
