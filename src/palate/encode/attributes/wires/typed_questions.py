"""Questions as decision models know them: one choice among options, one predicate, one level of a
scale; and answers out of their probabilities.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from palate.encode.attributes.prompts import meaning_of, number
from palate.seeding import generator
from palate.tables.questions import Answer, Question

TypedKind: TypeAlias = Literal["choice", "predicate", "level"]
MOST_OPTIONS: Final = 255
MOST_LEVELS: Final = 10
_SUM: Final = 0.02
_UNANSWERED: Final = "the model did not answer"
_NONSENSE: Final = "its probabilities make no sense"


@dataclass(frozen=True)
class Typed:
    """One question as it is sent.

    Attributes:
        id: Tells it from the others of the request.
        name: Of the question that it comes from.
        kind: One of several options; whether something is so; one of several levels in order.
        instructions: What is to be decided.
        options: Of a choice or a level, in the order in which they are sent.
    """

    id: str
    name: str
    kind: TypedKind
    instructions: str
    options: tuple[str, ...] = ()


Probabilities: TypeAlias = Mapping[str, Sequence[float]]
"""Id of a typed question -> the probability of each of its options, or, of a predicate, that it is
so; those that were not answered are missing."""


def unsuited(question: Question) -> str:
    """Why a decision model cannot answer a question; empty where it can."""
    if question.kind == "text":
        return "a decision model gives probabilities, not words"
    if question.evidence:
        return "a decision model shows no evidence"
    if len(question.options) > MOST_OPTIONS:
        return f"it has {len(question.options)} options, and {MOST_OPTIONS} are allowed"
    return ""


def typed(questions: Sequence[Question], draws: int, levels: int) -> list[Typed]:
    """All that is sent for these questions.

    A choice is asked `draws` times with its options in another order each, because models prefer an
    option for its position: as given, from the end, then at random. Of `"labels"` each option is a
    question of its own.

    Args:
        questions: In order.
        draws: Orders of the options, >= 1.
        levels: Levels of a scale, 2 to 10.

    >>> [t.options for t in typed([Question("size", "label", options=("s", "m", "l"))], 2, 5)]
    [('s', 'm', 'l'), ('l', 'm', 's')]
    """
    sent: list[Typed] = []
    for i, q in enumerate(questions):
        what = f"What is the {q.name}{meaning_of(q)}?"
        if q.kind == "label":
            for d, order in enumerate(_orders(q, draws)):
                sent.append(Typed(f"q{i}d{d}", q.name, "choice", what, order))
        elif q.kind == "labels":
            said = f"The {q.name}{meaning_of(q)} includes:"
            for o, option in enumerate(q.options):
                sent.append(Typed(f"q{i}o{o}", q.name, "predicate", f"{said} {option}"))
        else:
            names = tuple(number(v) for v in _level_values(q, levels))
            ends = f"{what} From {names[0]} to {names[-1]}."
            sent.append(Typed(f"q{i}", q.name, "level", ends, names))
    return sent


def merged(
    questions: Sequence[Question], sent: Sequence[Typed], found: Probabilities
) -> list[tuple[Answer, int, int]]:
    """Of each question its answer, the choices beside the first order, and how many of them came
    out otherwise than in the first.
    """
    return [_merged(q, [t for t in sent if _index(t) == i], found) for i, q in enumerate(questions)]


def _merged(
    question: Question, own: Sequence[Typed], found: Probabilities
) -> tuple[Answer, int, int]:
    given = [found.get(t.id) for t in own]
    if any(g is None for g in given):
        return Answer(fault=_UNANSWERED), 0, 0
    rows = [tuple(g) for g in given if g is not None]
    if not all(_sound(t, row) for t, row in zip(own, rows, strict=True)):
        return Answer(fault=_NONSENSE), 0, 0
    if question.kind == "label":
        return _choice(question, own, rows)
    if question.kind == "labels":
        each = tuple(row[0] for row in rows)
        sure = math.fsum(max(p, 1 - p) for p in each) / len(each)
        return Answer(each, confidence=min(1.0, sure)), 0, 0
    values = _level_values(question, len(rows[0]))
    whole = math.fsum(rows[0])
    mean = math.fsum(p * v for p, v in zip(rows[0], values, strict=True)) / whole
    low, high = question.ends
    return Answer(number=min(max(mean, low), high), confidence=max(rows[0]) / whole), 0, 0


def _choice(
    question: Question, own: Sequence[Typed], rows: Sequence[Sequence[float]]
) -> tuple[Answer, int, int]:
    by_option = [dict(zip(t.options, row, strict=True)) for t, row in zip(own, rows, strict=True)]
    best = [max(question.options, key=p.__getitem__) for p in by_option]
    means = [math.fsum(p[o] for p in by_option) / len(by_option) for o in question.options]
    whole = math.fsum(means)
    mean = tuple(p / whole for p in means)
    flips = sum(b != best[0] for b in best[1:])
    return Answer(mean, confidence=min(1.0, max(mean))), len(best) - 1, flips


def _sound(sent: Typed, row: Sequence[float]) -> bool:
    if len(row) != max(1, len(sent.options)):
        return False
    if not all(math.isfinite(p) and 0 <= p <= 1 for p in row):
        return False
    return sent.kind == "predicate" or abs(math.fsum(row) - 1) <= _SUM


def _orders(question: Question, draws: int) -> list[tuple[str, ...]]:
    given = question.options
    orders = [given, given[::-1]]
    rng = generator(0, "order of options", question.name, *given)
    while len(orders) < draws:
        orders.append(tuple(given[i] for i in rng.permutation(len(given))))
    return orders[:draws]


def _level_values(question: Question, levels: int) -> list[float]:
    low, high = question.ends
    return [low + (high - low) * i / (levels - 1) for i in range(levels)]


def _index(sent: Typed) -> int:
    return int(sent.id[1:].partition("d")[0].partition("o")[0])
