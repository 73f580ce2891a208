"""Answers that fields of the training items already hold, for providers that learn from them."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from palate.answering import Learns, Notices, Spends
from palate.arrays import Doubles, Mask
from palate.encode.attributes.checked import all_checked
from palate.errors import BadInput, BadRecipe
from palate.seeding import generator
from palate.stages import Provider
from palate.tables import Catalogue, Finding, Vocabulary
from palate.tables.catalogue import as_text
from palate.tables.questions import Answer, Answers, Lesson, Question, Spending


@dataclass(frozen=True, eq=False)
class KnownAnswers:
    """What is known of one question for n training items.

    Attributes:
        question: The question.
        known: bool [n], whether anything is.
        values: float64 [n, n_options]: 1 where the option holds, else 0, or probabilities of a
            teacher; [n, 1] for `"scale"`; [n, 0] for `"text"`.
        words: [n], the values of `"text"`.
    """

    question: Question
    known: Mask
    values: Doubles
    words: tuple[tuple[str, ...], ...] = ()


def sampled_lesson(lesson: Lesson, sample: int) -> Lesson:
    """The lesson with at most `sample` of its items that have text, drawn by its seed."""
    there = np.flatnonzero([t is not None for t in lesson.texts])
    rng = generator(lesson.seed, "items that a provider is taught on")
    rows = np.sort(rng.permutation(there)[:sample])
    ids = Vocabulary.of(lesson.items.items.names(rows))
    items = replace(lesson.items, items=ids, fields=lesson.items.fields[rows])
    return replace(lesson, items=items, texts=[lesson.texts[r] for r in rows])


def known_answers(
    lesson: Lesson, teacher: Provider | None, fields: Mapping[str, str]
) -> dict[str, KnownAnswers]:
    """Question -> what a teacher says of the items, or, without one, what their fields say.

    Args:
        lesson: Items, all of them with text, and questions.
        teacher: Who is asked.
        fields: Question -> field, see `from_fields`.

    Raises:
        BadRecipe: A named field or question does not exist.
        PalateError: The teacher gave up.
    """
    if teacher is None:
        return from_fields(lesson, fields)
    ready = copy.copy(teacher)
    ready = ready.learn(lesson) if isinstance(ready, Learns) else ready
    texts = [str(t) for t in lesson.texts]
    request = lesson.request or _directly
    said = request(ready, list(dict.fromkeys(texts)), lesson.questions)
    unknown = tuple(Answer() for _ in lesson.questions)
    rows = [said.get(t, unknown) for t in texts]
    return {
        q.name: from_answers(q, [row[j] for row in rows]) for j, q in enumerate(lesson.questions)
    }


def notices_of(teacher: Provider | None) -> tuple[Finding, ...]:
    """What a teacher has to tell, and what it took, where it counts."""
    found = teacher.notices() if isinstance(teacher, Notices) else ()
    meter: object = teacher
    spent = meter.spent() if isinstance(meter, Spends) else Spending()
    if not spent.requests:
        return found
    took = Finding(
        "teacher-spent",
        "note",
        f"the teacher took {spent.requests:,} requests, {spent.input_tokens:,} tokens in and"
        f" {spent.output_tokens:,} out, at a cost of {spent.cost:.4g}",
        type(teacher).__name__,
        spent.requests,
    )
    return (*found, took)


def from_fields(lesson: Lesson, fields: Mapping[str, str]) -> dict[str, KnownAnswers]:
    """Question -> what the items' fields say, for each question that has a field.

    Args:
        lesson: Items and questions.
        fields: Question -> field; a question that is not named takes the field of its own name
            where there is one.

    Raises:
        BadRecipe: A named field or question does not exist.
        BadInput: A value is none of the question's options, or no number.
    """
    names = [q.name for q in lesson.questions]
    for name in fields:
        if name not in names:
            raise BadRecipe(
                f'"{name}" is not asked', where="labels", allowed=", ".join(names) or "nothing"
            )
    found = {}
    for question in lesson.questions:
        field = fields.get(question.name)
        if field is None and question.name in lesson.items.fields.columns:
            field = question.name
        if field is not None:
            found[question.name] = _known(question, lesson.items, field)
    return found


def values_of(column: pl.Series) -> list[tuple[str, ...]]:
    """The values of each row: of a list its entries, of a text what stands between "|", stripped;
    none where it is null.
    """
    if column.dtype in (pl.List, pl.Array):
        rows = column.cast(pl.List(pl.String)).to_list()
        found = [[str(v) for v in row if v is not None] for row in (r or [] for r in rows)]
    else:
        found = [[] if t is None else t.split("|") for t in as_text(column).to_list()]
    return [tuple(dict.fromkeys(v.strip() for v in row if v.strip())) for row in found]


def from_answers(question: Question, answers: Sequence[Answer]) -> KnownAnswers:
    """What another provider said of n items; "unknown" is not known."""
    known = np.fromiter((not a.unknown for a in answers), np.bool_, len(answers))
    if question.kind == "text":
        words = tuple(a.words for a in answers)
        return KnownAnswers(question, known, np.zeros((len(answers), 0)), words)
    width = 1 if question.kind == "scale" else len(question.options)
    values = np.zeros((len(answers), width))
    for row in np.flatnonzero(known).tolist():
        a = answers[row]
        values[row] = a.number if question.kind == "scale" else a.probabilities
    return KnownAnswers(question, known, values)


def _directly(
    provider: Provider, texts: Sequence[str], questions: Sequence[Question]
) -> dict[str, Answers]:
    return {
        texts[place]: all_checked(texts[place], questions, answers)
        for place, answers in provider.answers(texts, questions)
    }


def _known(question: Question, items: Catalogue, field: str) -> KnownAnswers:
    column = items.column(field, where=f"labels.{question.name}")
    if question.kind == "scale":
        numbers = column.cast(pl.Float64, strict=False).to_numpy().astype(np.float64)
        known = np.isfinite(numbers)
        values = np.clip(np.where(known, numbers, 0.0), *question.ends)[:, None]
        return KnownAnswers(question, known, values)
    rows = values_of(column)
    if question.kind == "text":
        known = np.fromiter(map(bool, rows), np.bool_, len(rows))
        return KnownAnswers(question, known, np.zeros((len(rows), 0)), tuple(rows))
    known, values = option_values(question, rows)
    if not values.any():
        examples = sorted({v for found in rows for v in found})[:5]
        raise BadInput(
            f'no training item has one of the options of "{question.name}" in the field "{field}"',
            where=f"labels.{question.name}",
            allowed=", ".join(question.options),
            next_step=f"the field holds values such as {', '.join(examples) or 'none at all'}",
        )
    return KnownAnswers(question, known, values)


def option_values(question: Question, rows: Sequence[tuple[str, ...]]) -> tuple[Mask, Doubles]:
    """Bool [n], whether anything is known, and float64 [n, n_options], 1 where an option holds.

    Args:
        question: Of kind `"label"` or `"labels"`.
        rows: [n], the values of each item; none: nothing is known.
    """
    place_of = {_folded(path): j for j, path in enumerate(question.paths)}
    place_of |= {_folded(option): j for j, option in enumerate(question.options)}
    known = np.fromiter(map(bool, rows), np.bool_, len(rows))
    values = np.zeros((len(rows), len(question.options)))
    for row, found in enumerate(rows):
        options = [place_of[_folded(v)] for v in found if _folded(v) in place_of]
        # a value that is no option says nothing of the options of "label", and is none of "labels"
        chosen = options[:1] if question.kind == "label" else options
        values[row, chosen] = 1
        known[row] &= bool(chosen) or question.kind == "labels"
    return known, values


def _folded(value: str) -> str:
    return " ".join(value.casefold().split())
