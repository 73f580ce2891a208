from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.data.amounts import read_values
from palate.data.assemble import read_frames
from palate.data.stars import stars
from palate.data.times import as_times
from palate.data.typed import numbers


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (["4/5", "3,5/5", "5 / 5"], [4.0, 3.5, 5.0]),
        (["7 von 10", "10 von 10"], [7.0, 10.0]),
        (["Rated 4 out of 5 stars", None], [4.0, None]),
        (["5\u661f", "\uff14\u661f", ""], [5.0, 4.0, None]),
        (["5 stars", "1 star", "n/a"], [5.0, 1.0, None]),
        (["\u2605\u2605\u2605\u2606\u2606", "\u2606"], [3.0, 0.0]),
        (["\u2b50\ufe0f\u2b50\ufe0f"], [2.0]),
        (["\u0664", "\u0665"], [4.0, 5.0]),
        (["\u06f4\u066b\u06f5"], [4.5]),
    ],
)
def test_ratings_with_their_scale(written: list[str | None], read: list[float | None]) -> None:
    assert read_values(pl.Series(written)).to_list() == read


@pytest.mark.parametrize(
    "written", [["1/2", "3/4"], ["4/5", "good"], ["05/03/2024"], ["5 stars", "$5"], ["a"], [""]]
)
def test_anything_else_is_no_rating(written: list[str]) -> None:
    assert stars(pl.Series(written)) is None


@given(st.lists(st.integers(0, 10), min_size=1), st.sampled_from(["{}/10", "{} stars", "{}\u5206"]))
def test_what_is_written_is_read(values: list[int], way: str) -> None:
    found = stars(pl.Series([way.format(v) for v in values]))
    assert found is not None
    assert found.to_list() == values


def test_a_log_with_such_ratings_has_values() -> None:
    log = pl.DataFrame({"user": ["a", "b"], "item": ["x", "y"], "rating": ["4/5", "2/5"]})
    assert read_frames(log).interactions.value.tolist() == [4.0, 2.0]


def test_times_and_numbers_in_other_digits() -> None:
    texts = pl.Series(
        "t", ["\u0662\u0660\u0662\u0664-\u0660\u0663-\u0660\u0665 \u0661\u0664:\u0660\u0663"]
    )
    assert as_times(texts, "t").values.to_list() == [1709647380]
    assert numbers(pl.Series(["\u0e51\u0e52", "\u096f"])).to_list() == [12.0, 9.0]
