"""Gain, loss or no evidence: decided in one place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.tables.verdict import (
    LEVEL,
    TINY,
    Answer,
    Verdict,
    of_control,
    of_difference,
    of_methods,
)

NAN = float("nan")
GAIN = of_difference(0.2, 0.1, 0.3, 0.001)
LOSS = of_difference(-0.2, -0.3, -0.1, 0.001)
NOTHING = of_difference(0.1, -0.1, 0.3, 0.001)


@pytest.mark.parametrize(
    ("low", "high", "p", "answer"),
    [
        (0.1, 0.2, 0.01, "keep"),
        (0.1, 0.2, LEVEL, "keep"),
        (0.1, 0.2, 0.051, "no evidence"),
        (-0.2, -0.1, 0.01, "harmful"),
        (-0.2, 0.1, 0.01, "no evidence"),
        (0.0, 0.1, 0.01, "no evidence"),
        (None, None, None, "no evidence"),
        (0.1, 0.2, None, "no evidence"),
        (0.1, 0.2, NAN, "no evidence"),
        (NAN, NAN, 0.01, "no evidence"),
    ],
)
def test_interval_and_corrected_p_must_agree(
    low: float | None, high: float | None, p: float | None, answer: Answer
) -> None:
    assert of_difference(0.1, low, high, p).answer == answer


def test_the_level_is_kept_with_the_answer() -> None:
    assert of_difference(0.2, 0.1, 0.3, 0.07, level=0.1).answer == "keep"
    assert of_difference(0.2, 0.1, 0.3, 0.07).answer == "no evidence"
    assert of_difference(0.2, 0.1, 0.3, NAN) == Verdict(
        "paired comparison", "no evidence", 0.2, 0.1, 0.3, None, LEVEL
    )


@pytest.mark.parametrize(
    ("difference", "base", "answer", "small"),
    [
        (0.001, 0.1, "keep", False),
        (0.0009, 0.1, "no evidence", True),
        (0.0009, None, "keep", False),
        (0.01 * TINY, 0.0, "keep", False),
        (0.009 * TINY, 0.0, "no evidence", True),
    ],
)
def test_a_control_has_to_gain_enough_to_matter(
    difference: float, base: float | None, answer: Answer, small: bool
) -> None:
    clear = of_difference(difference, difference / 2, 2 * difference, 0.001)
    found = of_control(clear, base)
    assert (found.method, found.answer, found.is_small) == ("control", answer, small)


def test_a_control_that_gains_by_accident_is_neither() -> None:
    found = of_control(of_difference(0.05, -0.01, 0.1, 0.2), 0.1)
    assert (found.answer, found.is_small) == ("no evidence", False)
    assert of_control(LOSS, 0.1).is_small


UNUSED = of_difference(0.0, 0.0, 0.0, 1.0)
"""The model does not change at all when the values change hands."""


@pytest.mark.parametrize(
    ("found", "answer"),
    [
        ({"drop and refit": GAIN, "permutation": NOTHING}, "keep"),
        ({"conditional permutation": LOSS, "permutation": GAIN}, "harmful"),
        ({"conditional permutation": LOSS, "drop and refit": GAIN}, "keep"),
        ({"conditional permutation": GAIN, "drop and refit": NOTHING}, "replaceable"),
        ({"conditional permutation": GAIN, "drop and refit": LOSS}, "harmful"),
        ({"conditional permutation": GAIN}, "keep"),
        ({"permutation": UNUSED, "drop and refit": GAIN, "shapley": GAIN}, "no evidence"),
        ({"shapley": GAIN, "drop and refit": NOTHING}, "replaceable"),
        ({"shapley": LOSS}, "no evidence"),
        ({"contributions": GAIN}, "no evidence"),
        ({}, "no evidence"),
    ],
)
def test_methods_together(found: dict[str, Verdict], answer: Answer) -> None:
    together = of_methods(found)
    assert (together.method, together.answer) == ("all methods", answer)


def test_the_numbers_are_those_of_the_method_that_decided() -> None:
    found = of_methods({"conditional permutation": NOTHING, "drop and refit": GAIN})
    assert (found.value, found.low, found.high, found.p) == (0.2, 0.1, 0.3, 0.001)


@given(st.floats(), st.floats(), st.floats(), st.floats())
def test_turning_the_sign_turns_the_answer(value: float, low: float, high: float, p: float) -> None:
    turned = {"keep": "harmful", "harmful": "keep", "no evidence": "no evidence"}
    low, high = sorted((low, high))
    there, back = of_difference(value, low, high, p), of_difference(-value, -high, -low, p)
    assert back.answer == turned[there.answer]
