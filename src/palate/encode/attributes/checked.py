"""Answers held against their questions: what does not fit is refused with the reason, and nothing
is put in its place.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from palate.tables.questions import Answer, Answers, Question

LONGEST = 200
"""Most letters of a value or of a span of evidence."""
_SUM = 0.01


def checked(text: str, question: Question, answer: Answer) -> Answer:
    """The answer, if it is one; else "unknown" with the fault named, in words that repeat nothing
    of what was said.

    Probabilities of `"label"` that add up to nearly one are scaled to add up to one. An answer that
    is "unknown" is as good as any.

    Args:
        text: The text in question.
        question: What was asked.
        answer: What was said.

    >>> from palate.tables.questions import Answer, Question
    >>> brand = Question("brand", "text", evidence=True)
    >>> checked("a red hat by Acme", brand, Answer(words=("Acme",), evidence=("Acme",))).words
    ('Acme',)
    >>> checked("a red hat by Acme", brand, Answer(words=("Zenith",), evidence=("Zenith",))).fault
    'the evidence does not stand in the text'
    """
    if answer.unknown:
        return Answer(fault=answer.fault)
    fault = next(_faults(text, question, answer), "")
    if fault:
        return Answer(fault=fault)
    if question.kind != "label":
        return answer
    whole = math.fsum(answer.probabilities)
    return replace(answer, probabilities=tuple(p / whole for p in answer.probabilities))


def all_checked(text: str, questions: Sequence[Question], answers: Answers) -> Answers:
    """`checked` of each; where there are not as many answers as questions, all are refused."""
    if len(answers) != len(questions):
        fault = f"{len(answers)} answers to {len(questions)} questions"
        return tuple(Answer(fault=fault) for _ in questions)
    return tuple(checked(text, q, a) for q, a in zip(questions, answers, strict=True))


def _faults(text: str, question: Question, answer: Answer) -> Iterator[str]:
    given = {
        "probabilities": bool(answer.probabilities),
        "a number": answer.number is not None,
        "words": bool(answer.words),
    }
    wanted = {"scale": "a number", "text": "words"}.get(question.kind, "probabilities")
    for what, there in given.items():
        if there != (what == wanted):
            yield f"{what} {'were not wanted' if there else 'are missing'}"
    if question.kind == "scale":
        yield from _number_faults(question, answer.number)
    elif question.kind == "text":
        yield from ("a value is empty or too long" for w in answer.words if not _sound(w))
    else:
        yield from _probability_faults(question, answer.probabilities)
    yield from _evidence_faults(text, question, answer)
    if answer.confidence is not None and not 0 <= answer.confidence <= 1:
        yield f"a confidence of {answer.confidence}"


def _number_faults(question: Question, number: float | None) -> Iterator[str]:
    low, high = question.ends
    if number is None or not math.isfinite(number) or not low <= number <= high:
        yield f"{number} is not between {low:g} and {high:g}"


def _probability_faults(question: Question, given: Sequence[float]) -> Iterator[str]:
    if len(given) != len(question.options):
        yield f"{len(given)} probabilities of {len(question.options)} options"
    elif not all(math.isfinite(p) and 0 <= p <= 1 for p in given):
        yield "a probability is not between 0 and 1"
    elif question.kind == "label" and abs(math.fsum(given) - 1) > _SUM:
        yield f"the probabilities add up to {math.fsum(given):.3f}"


def _evidence_faults(text: str, question: Question, answer: Answer) -> Iterator[str]:
    for span in answer.evidence:
        if not _sound(span):
            yield "a span of evidence is empty or too long"
        elif span not in text:
            yield "the evidence does not stand in the text"
    if question.evidence and not answer.evidence:
        yield "the evidence is missing"


def _sound(words: str) -> bool:
    return bool(words.strip()) and len(words) <= LONGEST
