"""Answers in words, and what stands out in them."""

from __future__ import annotations

import pytest

from palate.encode.attributes.answer_table import COLUMNS, answer_table, findings, said
from palate.encode.attributes.records import AnswerRecord
from palate.tables.questions import Answer, Question

LABEL = Question("topic", "label", options=("a", "b"))
LABELS = Question("uses", "labels", options=("a", "b"))


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        (LABEL, Answer((0.3, 0.7)), ("b", 0.7)),
        (LABELS, Answer((0.6, 0.9)), ("a | b", 0.6)),
        (LABELS, Answer((0.1, 0.2)), ("", 0.8)),
        (LABELS, Answer((0.1, 0.2), confidence=0.4), ("", 0.4)),
        (Question("m", "scale"), Answer(number=0.123456), ("0.1235", None)),
        (Question("b", "text"), Answer(words=("x", "y")), ("x | y", None)),
        (LABEL, Answer(fault="why"), (None, None)),
    ],
)
def test_in_words(question: Question, answer: Answer, expected: tuple[object, object]) -> None:
    assert said(question, answer) == expected


def test_the_table_has_a_row_for_each_item_and_attribute() -> None:
    records = {"x": AnswerRecord((Answer((0.3, 0.7)), Answer(fault="odd")), 2.0, 1.0)}
    table = answer_table(["i", "j", "k"], ["x", None, "x"], (LABEL, LABELS), records, "me")
    assert table.columns == list(COLUMNS)
    assert table["item_id"].to_list() == ["i", "i", "k", "k"]
    assert table["value"].to_list() == ["b", None, "b", None]
    assert table["fault"].to_list() == [None, "odd", None, "odd"]
    assert table["seconds"].to_list() == [1.0] * 4


def test_findings_count_what_failed_was_refused_or_is_unknown() -> None:
    ok, bad = AnswerRecord((Answer((1.0, 0.0)),)), AnswerRecord((Answer(fault="odd"),))
    found = findings(["x", "y", "z", None, "y"], (LABEL,), {"x": ok, "y": bad}, "llm")
    assert [(f.code, f.count) for f in found] == [
        ("attributes-failed", 1),
        ("answers-refused", 1),
    ]
    found = findings(["x", "y"], (LABEL,), {"x": bad, "y": bad}, "llm")
    assert found[0].examples == ("odd",)
    assert [f.code for f in found] == ["answers-refused", "answers-unknown"]
