"""Answers as a table that a person reads, one row for each item and attribute, and what stands out
in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

from palate.encode.attributes.records import AnswerRecord
from palate.tables import Finding
from palate.tables.questions import Answer, Question

COLUMNS: Final[Mapping[str, type[pl.DataType]]] = {
    "item_id": pl.String,
    "attribute": pl.String,
    "value": pl.String,
    "confidence": pl.Float64,
    "evidence": pl.String,
    "source": pl.String,
    "seconds": pl.Float64,
    "cost": pl.Float64,
    "fault": pl.String,
    "may_be": pl.String,
    "kind": pl.String,
}
"""Columns of the table. Values and evidence of more than one are joined by " | "; a value is null
where it is unknown, and `may_be` then holds the options that are left, where that is known. Seconds
and cost are those of the whole text, as a share of each attribute."""

BETWEEN = " | "
"""What parts several values in one text."""
_LEAST = 0.5


def answer_table(
    ids: Sequence[str],
    texts: Sequence[str | None],
    questions: Sequence[Question],
    records: Mapping[str, AnswerRecord],
    source: str,
) -> pl.DataFrame:
    """What was answered, see `COLUMNS`; items without text have no row.

    Args:
        ids: [n], outside ids of the items.
        texts: [n], the texts in question.
        questions: What was asked.
        records: Text -> record; a text that is missing failed.
        source: Who answered, in a word.
    """
    rows = []
    for item, text in zip(ids, texts, strict=True):
        record = None if text is None else records.get(text)
        if record is not None:
            share = len(questions)
            for question, answer in zip(questions, record.answers, strict=True):
                value, confidence = said(question, answer)
                rows.append(
                    (
                        item,
                        question.name,
                        value,
                        confidence,
                        BETWEEN.join(answer.evidence) or None,
                        source,
                        record.seconds / share,
                        record.cost / share,
                        answer.fault or None,
                        None,
                        question.kind,
                    )
                )
    return pl.DataFrame(rows, schema=dict(COLUMNS), orient="row")


def said(question: Question, answer: Answer) -> tuple[str | None, float | None]:
    """The answer in words, and how sure it is; both None where it is unknown.

    Of `"labels"` those that are as likely as not; where there is none, an empty text. An option
    stands behind what is above it.
    """
    if answer.unknown:
        return None, None
    if answer.number is not None:
        return f"{answer.number:.4g}", answer.confidence
    if answer.words:
        return BETWEEN.join(answer.words), answer.confidence
    likely = list(zip(answer.probabilities, question.paths, strict=True))
    if question.kind == "label":
        best, option = max(likely, key=lambda pair: pair[0])
        return option, best if answer.confidence is None else answer.confidence
    chosen = [option for p, option in likely if p >= _LEAST]
    surest = min(max(p, 1 - p) for p, _ in likely)
    return BETWEEN.join(chosen), surest if answer.confidence is None else answer.confidence


def findings(
    texts: Sequence[str | None],
    questions: Sequence[Question],
    records: Mapping[str, AnswerRecord],
    block: str,
) -> tuple[Finding, ...]:
    """What a person should know: texts that were not answered, answers that were refused, and
    questions that mostly stay unknown.
    """
    distinct = list(dict.fromkeys(t for t in texts if t is not None))
    failed = [t for t in distinct if t not in records]
    found = []
    if failed:
        found.append(
            Finding(
                "attributes-failed",
                "warning",
                f"{len(failed)} of {len(distinct)} texts were not answered; their items have no"
                " attributes",
                block,
                len(failed),
                tuple(t[:60] for t in failed[:5]),
                "run the recipe again: what was answered is kept, and only these are asked again",
            )
        )
    for place, question in enumerate(questions):
        answers = [records[t].answers[place] for t in distinct if t in records]
        found += _of_question(question, answers, block)
    return tuple(found)


def _of_question(question: Question, answers: Sequence[Answer], block: str) -> list[Finding]:
    where = f"{block}, {question.name}"
    found = []
    faults = Counter(a.fault for a in answers if a.fault)
    if faults:
        n = sum(faults.values())
        found.append(
            Finding(
                "answers-refused",
                "warning",
                f"{question.name}: {n} of {len(answers)} answers did not fit the question and"
                " count as unknown",
                where,
                n,
                tuple(fault for fault, _ in faults.most_common(5)),
                "describe the attribute more plainly, or take another provider",
            )
        )
    unknown = sum(a.unknown for a in answers)
    if 2 * unknown > len(answers):
        found.append(
            Finding(
                "answers-unknown",
                "note",
                f"{question.name}: {unknown} of {len(answers)} texts do not tell it, or the"
                " provider cannot answer",
                where,
                unknown,
                (),
                "name a field that tells it, or put it into a block with another provider",
            )
        )
    return found
