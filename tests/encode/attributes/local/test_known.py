"""Answers that fields hold."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from palate.encode.attributes.local.known import from_answers, from_fields, values_of
from palate.errors import BadInput, BadRecipe
from palate.tables import Catalogue, Vocabulary
from palate.tables.questions import Answer, Lesson, Question

ITEMS = Catalogue(
    Vocabulary.of("abc"),
    pl.DataFrame({"kind": ["Wine", "beer|wine", None], "price": [1.0, 9.0, None]}),
)
KIND = Question("kind", "label", options=("wine", "beer"))


def lesson(*questions: Question) -> Lesson:
    return Lesson(ITEMS, [None] * 3, questions)


def test_values_are_found_whatever_their_capital_letters() -> None:
    known = from_fields(lesson(KIND), {})["kind"]
    assert known.values.tolist() == [[1, 0], [0, 1], [0, 0]]
    assert known.known.tolist() == [True, True, False]
    several = from_fields(lesson(Question("k", "labels", options=("wine", "beer"))), {"k": "kind"})
    assert several["k"].values.tolist() == [[1, 0], [1, 1], [0, 0]]


def test_numbers_are_kept_between_the_ends() -> None:
    known = from_fields(lesson(Question("price", "scale", ends=(0, 5))), {})["price"]
    assert known.values[:2, 0].tolist() == [1.0, 5.0]
    assert known.known.tolist() == [True, True, False]


def test_a_question_without_a_field_is_left_out() -> None:
    assert from_fields(lesson(Question("mood", "scale")), {}) == {}


def test_wrong_names_and_options_are_refused() -> None:
    with pytest.raises(BadRecipe, match="not asked"):
        from_fields(lesson(KIND), {"colour": "kind"})
    with pytest.raises(BadRecipe, match="no field"):
        from_fields(lesson(KIND), {"kind": "knd"})
    with pytest.raises(BadInput, match="no training item"):
        from_fields(lesson(Question("kind", "label", options=("x", "y"))), {})


def test_values_of_lists_and_texts() -> None:
    assert values_of(pl.Series([["a ", "b", "a"], None])) == [("a", "b"), ()]
    assert values_of(pl.Series(["x | y", " "])) == [("x", "y"), ()]


def test_a_teachers_answers() -> None:
    known = from_answers(KIND, [Answer((0.2, 0.8)), Answer()])
    assert known.values.tolist() == [[0.2, 0.8], [0.0, 0.0]]
    assert known.known.tolist() == [True, False]
    assert from_answers(Question("s", "scale"), [Answer(number=0.5)]).values.tolist() == [[0.5]]
    assert from_answers(Question("t", "text"), [Answer(words=("x",))]).words == (("x",),)
    assert np.isfinite(known.values).all()
