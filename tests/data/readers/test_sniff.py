from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.data.readers.sniff import has_names, separator_of, spoken
from palate.errors import BadInput

CELL = st.text("abcdefgh0123456789", min_size=1, max_size=6)


@given(
    st.sampled_from([",", "\t", ";", "|", "::", "\x01"]),
    st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=2),
)
def test_the_separator_of_a_plain_table_is_found(separator: str, rows: list[list[str]]) -> None:
    data = "\n".join(separator.join(row) for row in rows).encode()
    assert separator_of(data, "x") == separator


@pytest.mark.parametrize(
    ("data", "suffix", "separator"),
    [
        (b"a,b\n1;2,3;4\n", "", ","),
        (b"title;price\nOne, two;3\nThree;4\n", "", ";"),
        (b'"a;a;a",b\n"x;y;z",2\n', "", ","),
        (b'a,b\n"one\ntwo; three; four",5\n', "", ","),
        (b"a\tb,c\n1\t2,3\n", ".tsv", "\t"),
        (b"a\tb,c\n1\t2,3\n", ".csv", ","),
        (b"1 5\n2 7\n", "", " "),
        (b"user id,item id\n1,2\n", "", ","),
        (b"u::i::r\n1::2::3\n", ".dat", "::"),
    ],
)
def test_doubtful_cases(data: bytes, suffix: str, separator: str) -> None:
    assert separator_of(data, "x", suffix) == separator


def test_a_long_line_is_cut_without_being_misread() -> None:
    data = b"a,b\n" + b"x" * 100_000 + b";;;,y\n"
    assert separator_of(data, "x") == ","


@pytest.mark.parametrize(
    "data", [b"abc\ndef\n", b'"all of it in quotes"', b'"never ends, so it has one column']
)
def test_one_column_is_refused(data: bytes) -> None:
    if b"never" in data:
        assert separator_of(data, "x") == ","
    else:
        with pytest.raises(BadInput, match="separator"):
            separator_of(data, "x")


@pytest.mark.parametrize(
    ("first", "rest", "names"),
    [
        (["196", "242", "3", "881250949"], [["186", "302", "3", "891717742"]], False),
        (
            ["A1", "0132793040", "5.0", "1365811200"],
            [["B2", "0132793041", "4.0", "1365811201"]],
            False,
        ),
        (["user", "item", "rating"], [["1", "2", "3"]], True),
        (["101", "121", "122"], [["1", "2", "3"]], True),
        (["196", "242", "3", "881250949"], [["u", "i", "r", "t"]], True),
        (["1.5", "2.5"], [], True),
        (["", "", "12345678"], [["a", "b", "12345679"]], True),
    ],
)
def test_names_are_told_from_data(first: list[str], rest: list[list[str]], names: bool) -> None:
    assert has_names(first, rest) is names


def test_separators_have_names() -> None:
    assert [spoken(s) for s in ("\t", " ", ",", "\x01")] == ["tab", "blank", '","', "byte 1"]
