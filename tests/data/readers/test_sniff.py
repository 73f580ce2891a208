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


def test_more_fields_part_a_line_better_than_a_comma_of_decimals() -> None:
    text = "Client;Item;Sum, rub.\nK1;A1;1 200,50\nK2;A2;300,00\n"
    assert separator_of(text.encode(), "x", ".csv") == ";"


@pytest.mark.parametrize(
    ("first", "row"),
    [
        (["1", "353", "2024-01-05 22:45:48", r"\N"], ["2", "413", "2024-01-06 15:28:32", "gift"]),
        (["user_1", "2024-07-08T00:40:42Z", "x"], ["user_2", "2024-07-07T07:44:29Z", "y"]),
        (["ann@example.org", "a"], ["bob@example.org", "b"]),
        (
            ["5718172f-5b53-41f1-c3d2-cac8a5000000", "a"],
            ["3bd892da-c5b3-49c8-a5d2-b85de16c0000", "b"],
        ),
    ],
)
def test_times_ids_and_addresses_are_no_names(first: list[str], row: list[str]) -> None:
    assert not has_names(first, [row])
    assert has_names(["a", *first[1:]][: len(first)], [["b"] * len(first)])
