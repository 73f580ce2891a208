"""The form in which a language model has to reply, and what its reply says: JSON under a schema."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from palate.encode.attributes.checked import checked
from palate.encode.attributes.untrusted import cleaned
from palate.encode.token_estimate import tokens_about
from palate.tables.questions import Answer, Answers, Question

_UNREADABLE: Final = "it is not the JSON that was described"
_MOST_WORDS: Final = 20
_LONGEST_WORDS: Final = 200
_TYPICAL_PASSAGE: Final = 8
_LONGEST_PASSAGE: Final = 60


def reply_schema(questions: Sequence[Question]) -> dict[str, Any]:
    """A JSON schema that holds every question under its name: closed options, ranges, null for
    unknown.

    It keeps to what services with strict schemas allow: every key is required, no other is let in.

    >>> reply_schema([Question("audience", "label", options=("men", "women"))])["properties"]
    {'audience': {'type': ['string', 'null'], 'enum': ['men', 'women', None]}}
    """
    return _object({q.name: _with_evidence(q) for q in questions})


def answers_of(content: str, text: str, questions: Sequence[Question]) -> Answers:
    """What a reply answers to each question; what cannot be taken has its fault said.

    No word of the reply gets into a fault, and none into an answer that the question or the text
    does not hold.

    Args:
        content: What the model wrote.
        text: What the model read, as it was given.
        questions: In order.
    """
    found = _parsed(content)
    if found is None:
        return tuple(Answer(fault=_UNREADABLE) for _ in questions)
    return tuple(checked(text, question, _answer(found, text, question)) for question in questions)


def faults_of(questions: Sequence[Question], answers: Answers) -> list[str]:
    """What is wrong with answers, a phrase for each that was refused, in words for a model."""
    faults = [a.fault for a in answers]
    if questions and all(fault == _UNREADABLE for fault in faults):
        return [_UNREADABLE]
    return [f"{q.name}: {fault}" for q, fault in zip(questions, faults, strict=True) if fault]


def reply_tokens(questions: Sequence[Question], longest: bool = False) -> int:
    """Tokens of a reply in JSON: of a usual one, or of the longest that makes sense."""
    total = 2.0
    for question in questions:
        sizes = [tokens_about(option) + 2 for option in question.options]
        usual = {
            "label": max(sizes, default=0),
            "labels": sum(sizes) if longest else 1.5 * max(sizes, default=0),
            "scale": 4,
            "text": 8 * _MOST_WORDS if longest else 5,
        }[question.kind]
        passage = (_LONGEST_PASSAGE if longest else _TYPICAL_PASSAGE) if question.evidence else 0
        total += tokens_about(question.name) + 4 + usual + passage
    return round(total)


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _with_evidence(question: Question) -> dict[str, Any]:
    value = _value_schema(question)
    # The passage before the value: a model that writes it first has it before its eyes.
    return (
        _object({"evidence": {"type": ["string", "null"]}, "value": value})
        if question.evidence
        else value
    )


def _value_schema(question: Question) -> dict[str, Any]:
    if question.kind == "label":
        return {"type": ["string", "null"], "enum": [*question.options, None]}
    if question.kind == "labels":
        one = {"type": "string", "enum": list(question.options)}
        return {"type": ["array", "null"], "items": one}
    if question.kind == "scale":
        low, high = question.ends
        return {"type": ["number", "null"], "minimum": low, "maximum": high}
    return {"type": ["array", "null"], "items": {"type": "string"}}


def _parsed(content: str) -> Mapping[str, Any] | None:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _answer(found: Mapping[str, Any], text: str, question: Question) -> Answer:
    if question.name not in found:
        return Answer(fault="it is missing")
    value = found[question.name]
    evidence: tuple[str, ...] = ()
    if question.evidence and value is not None:
        if not isinstance(value, dict) or "value" not in value:
            return Answer(fault='it has to be an object of "evidence" and "value"')
        passage, value = value.get("evidence"), value["value"]
        evidence = (passage,) if isinstance(passage, str) and passage else ()
    if value is None:
        return Answer()
    fault = _evidence_fault(evidence, text, question)
    if fault:
        return Answer(fault=fault)
    return _READERS[question.kind](value, evidence, text, question)


def _evidence_fault(evidence: tuple[str, ...], text: str, question: Question) -> str:
    if question.evidence and not evidence:
        return "the evidence is missing"
    if any(len(passage) > _LONGEST_WORDS for passage in evidence):
        return f"the evidence has to be shorter than {_LONGEST_WORDS} letters"
    if any(not passage.strip() or passage not in text for passage in evidence):
        return "the evidence does not stand in the text, letter by letter"
    return ""


def _label(value: Any, evidence: tuple[str, ...], text: str, question: Question) -> Answer:
    if not isinstance(value, str) or value not in question.options:
        return Answer(fault="it is none of the options")
    return Answer(tuple(float(o == value) for o in question.options), evidence=evidence)


def _labels(value: Any, evidence: tuple[str, ...], text: str, question: Question) -> Answer:
    if not isinstance(value, list) or any(v not in question.options for v in value):
        return Answer(fault="it has to be a list of the options")
    return Answer(tuple(float(o in value) for o in question.options), evidence=evidence)


def _scale(value: Any, evidence: tuple[str, ...], text: str, question: Question) -> Answer:
    low, high = question.ends
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        return Answer(fault="it has to be a number between the two ends")
    return Answer(number=float(value), evidence=evidence)


def _text(value: Any, evidence: tuple[str, ...], text: str, question: Question) -> Answer:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(w, str) for w in words):
        return Answer(fault="it has to be a list of words")
    words = list(dict.fromkeys(w.strip() for w in words if w.strip()))
    if len(words) > _MOST_WORDS or any(len(w) > _LONGEST_WORDS for w in words):
        return Answer(fault=f"it has over {_MOST_WORDS} values, or one of over 200 letters")
    # Words that the text does not hold may be made up, or come out of the prompt itself.
    plain = " ".join(cleaned(text, len(text) + 1).casefold().split())
    if any(" ".join(w.casefold().split()) not in plain for w in words):
        return Answer(fault="it has to be copied from the text")
    return Answer(words=tuple(words), evidence=evidence)


_READERS = {"label": _label, "labels": _labels, "scale": _scale, "text": _text}
