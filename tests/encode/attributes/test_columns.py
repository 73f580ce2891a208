"""From answers to columns, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.encode.attributes.columns import AttributeColumns
from palate.encode.attributes.wanted import wanted
from palate.tables.questions import Answer, Answers

WANTS = wanted(
    {
        "topic": {"kind": "label", "of": ["a", "b"]},
        "mood": {"kind": "scale", "from": -1, "to": 1},
        "brand": {"kind": "text", "at_most": 2},
    }
)
QUESTIONS = [w.question(n) for n, w in WANTS.items()]


def answers(p: float | None, mood: float | None, *brand: str) -> Answers:
    topic = Answer() if p is None else Answer(probabilities=(p, 1 - p))
    return topic, Answer(number=mood), Answer(words=brand)


TRAIN = [
    answers(1.0, 0.0, "x"),
    answers(0.5, 1.0, "x", "y"),
    answers(None, 0.5, "y", "z"),
    answers(0.0, 0.5, "w"),
]


def test_the_mean_of_the_training_items_is_taken_away() -> None:
    columns = AttributeColumns.learn(QUESTIONS, WANTS, TRAIN, least=2)
    assert columns.names == ("topic=a", "topic=b", "topic is known", "mood", "brand=x", "brand=y")
    X, present = columns.encode(TRAIN)
    assert X.dtype == np.float32
    np.testing.assert_allclose(X[:, 0], [0.5, 0.0, 0.0, -0.5])
    np.testing.assert_allclose(X[:, 1], [-0.5, 0.0, 0.0, 0.5])
    np.testing.assert_allclose(X[:, 2], [1, 1, 0, 1])
    np.testing.assert_allclose(X[:, 3], [-0.25, 0.25, 0.0, 0.0], atol=1e-7)
    np.testing.assert_allclose(X[:, 4:], [[1, 0], [1, 1], [0, 1], [0, 0]])
    assert present.all()


def test_who_knows_nothing_is_absent_and_zero() -> None:
    columns = AttributeColumns.learn(QUESTIONS, WANTS, TRAIN, least=2)
    X, present = columns.encode([None, answers(None, None), answers(None, 1.0)])
    assert present.tolist() == [False, False, True]
    assert not X[:2].any()


def test_a_value_that_is_rare_or_one_too_many_is_no_column() -> None:
    assert "brand=z" not in AttributeColumns.learn(QUESTIONS, WANTS, TRAIN, least=2).names
    names = AttributeColumns.learn(QUESTIONS, WANTS, TRAIN, least=1).names
    assert [n for n in names if n.startswith("brand")] == ["brand=x", "brand=y"]


def test_what_was_learnt_comes_back() -> None:
    columns = AttributeColumns.learn(QUESTIONS, WANTS, TRAIN, least=1)
    again = AttributeColumns.of(QUESTIONS, columns.plain())
    assert again == columns


def test_nothing_known_gives_zeros() -> None:
    columns = AttributeColumns.learn(QUESTIONS, WANTS, [answers(None, None)], least=1)
    X, present = columns.encode([answers(None, None)])
    assert not X.any()
    assert not present.any()


TREE = {"skin": ["face", "body"], "tea": [], "hair": ["wash"]}


def levelled(kind: str, rows: list[Answers]) -> tuple[AttributeColumns, np.ndarray]:
    wants = wanted({"use": {"kind": kind, "of": TREE}})
    columns = AttributeColumns.learn([wants["use"].question("use")], wants, rows, least=1)
    raw, _ = columns.questions[0].raw([a for (a,) in rows])
    return columns, raw


def test_what_stands_above_options_has_columns_too() -> None:
    rows: list[Answers] = [(Answer(probabilities=(0.5, 0.2, 0.1, 0.2)),), (Answer(),)]
    columns, raw = levelled("label", rows)
    assert columns.names == (
        "use=skin > face",
        "use=skin > body",
        "use=tea",
        "use=hair > wash",
        "use=skin",
        "use=hair",
        "use is known",
    )
    np.testing.assert_allclose(raw, [[0.5, 0.2, 0.1, 0.2, 0.7, 0.2], [0] * 6])
    again = AttributeColumns.of([c.question for c in columns.questions], columns.plain())
    assert np.array_equal(again.encode(rows)[0], columns.encode(rows)[0])


@pytest.mark.parametrize("kind", ["label", "labels"])
@given(given=st.lists(st.floats(0, 1), min_size=4, max_size=4).filter(lambda p: sum(p) > 0.1))
def test_a_parent_is_never_less_likely_than_what_is_below(kind: str, given: list[float]) -> None:
    p = [v / sum(given) for v in given] if kind == "label" else given
    _, raw = levelled(kind, [(Answer(probabilities=tuple(p)),)])
    assert raw[0, 4] >= max(raw[0, :2])
    assert raw[0, 5] == raw[0, 3]
    assert raw.max() <= 1 + 1e-9
