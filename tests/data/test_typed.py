from __future__ import annotations

import polars as pl
import pytest

from palate.data.typed import is_value, numbers, one_number, typed, typed_column


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1", "-2", None], [1, -2, None]),
        (["1", "NA", ""], [1, None, None]),
        (["1.5", "2", ".5", "1e3"], [1.5, 2.0, 0.5, 1000.0]),
        (["1", "2.", "+3"], [1.0, 2.0, 3.0]),
        (["true", "False", None], [True, False, None]),
        (["007", "1"], ["007", "1"]),
        (["01.5", "1.5"], ["01.5", "1.5"]),
        (["1", "x"], ["1", "x"]),
        (["12345678901234567890"], [1.2345678901234567e19]),
        (["NA", None], ["NA", None]),
        (["1,5", "2,5"], ["1,5", "2,5"]),
        (["2020-01-01"], ["2020-01-01"]),
        (["nan", "1"], [None, 1]),
    ],
)
def test_texts_become_numbers_only_without_loss(
    values: list[str | None], expected: list[object]
) -> None:
    assert typed_column(pl.Series("v", values)).to_list() == expected


def test_only_texts_are_touched() -> None:
    frame = pl.DataFrame({"a": [1.0], "b": [["1"]], "c": ["1"]})
    assert typed(frame).schema == {"a": pl.Float64, "b": pl.List(pl.String), "c": pl.Int64}
    assert frame["c"].dtype == pl.String


def test_numbers_say_what_the_source_says() -> None:
    got = numbers(
        pl.Series([" 1.5 ", "NaN", "-inf", "Infinity", "x", None, "1e999", "0x10"])
    ).to_list()
    assert got[0] == 1.5
    assert got[1] != got[1]
    assert got[2:] == [float("-inf"), float("inf"), None, None, float("inf"), None]
    assert numbers(pl.Series([True, None])).to_list() == [1.0, None]


def test_values_fit_into_float32() -> None:
    assert is_value(
        pl.Series([0.0, -3e38, 3.5e38, float("nan"), float("-inf"), None])
    ).to_list() == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]


def test_one_number() -> None:
    assert one_number(None) == 0.0
    assert one_number(pl.Series([1, 2]).median()) == 1.5
