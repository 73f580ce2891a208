from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.tables.id_spelling import EXACT, alike, apart, plain_ids


@pytest.mark.parametrize(
    ("given_ids", "plain"),
    [
        (["1", "1.0", "-1.0", "2.", None], ["1", "1", "-1", "2", None]),
        (["1E+05", "100000", "1.5e+03"], ["100000", "100000", "1500"]),
        (["1E+05", "x"], ["1E+05", "x"]),
        (["1.0", "1.5"], ["1.0", "1.5"]),
        (["007", "1"], ["007", "1"]),
        (["3e2", "3f2"], ["3e2", "3f2"]),
    ],
)
def test_numbers_are_written_in_digits_alone(
    given_ids: list[str | None], plain: list[str | None]
) -> None:
    assert plain_ids(pl.Series(given_ids)).values.to_list() == plain


@given(st.lists(st.integers(-(10**17), 10**17), min_size=1))
def test_whole_numbers_meet_their_floats_in_text(values: list[int]) -> None:
    whole = [str(v) for v in values]
    found = plain_ids(pl.Series([f"{v}.0" for v in values]))
    assert found.values.to_list() == whole
    assert found.rounded == sum(abs(v) > EXACT for v in values)


@pytest.mark.parametrize(
    ("asked", "known", "words"),
    [
        (["001", "002"], ["1", "2"], "leading zeros"),
        (["1", "2"], ["001", "002"], "leading zeros"),
        (["AB1", "Cd2"], ["ab1", "cd2"], "capitals"),
        (["a ", "b\u200b"], ["a", "b"], "blanks or characters that no eye sees"),
        (["cafe\u0301"], ["café"], "the form of their characters (accents, full width)"),
        (["\uff11\uff12"], ["12"], "the form of their characters (accents, full width)"),
        (["12.0", "x"], ["12", "x"], "being written as numbers with a point or an exponent"),
        (
            [" A1", "b2 "],
            ["a1", "b2"],
            "blanks or characters that no eye sees and capitals",
        ),
        (["\u0661\u0662"], ["12"], "the form of their characters (accents, full width)"),
        (["1E+05", "x"], ["100000", "x"], "being written as numbers with a point or an exponent"),
    ],
)
def test_why_ids_do_not_meet(asked: list[str], known: list[str], words: str) -> None:
    found = apart(pl.Series(asked), pl.Series(known))
    assert found is not None
    assert found.words == words


def test_ids_that_are_simply_others_are_not_explained() -> None:
    assert apart(pl.Series(["a", "b"]), pl.Series(["c", "d"])) is None
    assert apart(pl.Series(["a"]), pl.Series(["a", "A"])) is None


def test_a_merge_of_two_items_is_not_safe() -> None:
    found = apart(pl.Series(["01", "2"]), pl.Series(["1", "2", "02"]))
    assert found is not None
    assert not found.safe


@pytest.mark.parametrize(
    ("asked", "known", "spellings"),
    [
        # the same item in both ways within the log, and once in the catalogue
        (["\uff11", "1", "\uff12"], ["1", "2"], ("forms",)),
        (["AB-1", "AB-1 ", "AB-2"], ["ab-1", "ab-2"], ("blanks", "case")),
        ([" 007", "8 "], ["7", "8"], ("blanks", "leading-zeros")),
    ],
)
def test_the_fewest_differences_are_named_and_safe(
    asked: list[str], known: list[str], spellings: tuple[str, ...]
) -> None:
    found = apart(pl.Series(asked), pl.Series(known))
    assert found is not None
    assert (found.spellings, found.safe) == (spellings, True)


def test_zeros_that_tell_ids_of_the_log_apart_are_not_safe() -> None:
    found = apart(pl.Series(["01", "1", "2", "02"]), pl.Series(["001", "002"]))
    assert found is not None
    assert not found.safe


def test_differences_that_do_not_count() -> None:
    ids = pl.Series(["007", "0", "00", "-01", " Ab\u200b", None])
    every = alike(ids, ["leading-zeros", "case", "blanks", "forms"])
    assert every.to_list() == ["7", "0", "0", "-1", "ab", None]
    assert alike(ids, []).to_list() == ids.to_list()
