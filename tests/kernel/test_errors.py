from __future__ import annotations

import copy

import pytest

from palate.errors import BadInput, BadRecipe, PalateError, SeveralProblems, nearest, raise_all


def test_message_puts_the_place_first_and_every_part_on_its_own_line() -> None:
    error = BadInput(
        "3 is no year", where="items.csv row 4", allowed="1 to 9999", next_step="mend the row"
    )
    assert str(error) == "items.csv row 4: 3 is no year\n  allowed: 1 to 9999\n  next: mend the row"


def test_parts_that_are_not_given_take_no_line() -> None:
    assert str(BadInput("nothing to read")) == "nothing to read"


def test_raise_all_raises_nothing_one_or_all() -> None:
    raise_all([])
    one, two = BadRecipe("first", where="a"), BadInput("second")
    with pytest.raises(BadRecipe) as only:
        raise_all([one])
    assert only.value is one
    with pytest.raises(SeveralProblems, match=r"2 problems\na: first\nsecond") as both:
        raise_all([one, two])
    assert both.value.problems == (one, two)


@pytest.mark.parametrize(
    "error",
    [
        BadInput("x", where="w", allowed="a", next_step="n"),
        SeveralProblems([BadRecipe("x"), BadInput("y")]),
    ],
)
def test_errors_survive_the_way_from_a_worker_process(error: PalateError) -> None:
    again = copy.copy(error)  # by way of __reduce__, as between processes
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert again.what == error.what


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("nam", "name"),
        ("NAME", "name"),
        ("n-rows", "n_rows"),
        ("n rows", "n_rows"),
        ("zzz", None),
        ("", None),
    ],
)
def test_nearest(name: str, expected: str | None) -> None:
    phrase = nearest(name, iter(["name", "n_rows"]))
    assert phrase == (f'did you mean "{expected}"?' if expected else "")


def test_nearest_of_nothing_is_nothing() -> None:
    assert nearest("x", []) == ""
