from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.data.ids import as_ids
from palate.data.table import Table
from palate.errors import BadInput


def _ids(values: object, **kind: object) -> list[str | None]:
    return as_ids(Table("x", pl.DataFrame({"u": pl.Series(values, **kind)})), "u").values.to_list()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, None], ["1", None]),
        ([1.0, float("nan"), None], ["1", None, None]),
        (["1.0", "2.0"], ["1", "2"]),
        (["1.0", "x"], ["1.0", "x"]),
        (["a", "", "  ", None], ["a", None, None, None]),
        ([" a"], [" a"]),
        (["007"], ["007"]),
        ([2**53 + 1], [str(2**53 + 1)]),
    ],
)
def test_ids_are_texts(values: list[object], expected: list[str | None]) -> None:
    assert _ids(values) == expected


@given(st.lists(st.integers(0, 2**40), min_size=1))
def test_numbers_floats_and_texts_of_them_meet(values: list[int]) -> None:
    whole = [str(v) for v in values]
    assert (
        _ids(values)
        == _ids([float(v) for v in values])
        == _ids([f"{v}.0" for v in values])
        == whole
    )


def test_mending_is_told() -> None:
    table = Table("folder/x.csv", pl.DataFrame({"u": [1.0]}))
    assert as_ids(table, "u").notes == (
        'The ids in "u" of x.csv are written as 42.0 and were read as 42.',
    )


@pytest.mark.parametrize("values", [[["a"]], [{"a": 1}], [True], [b"a"]])
def test_what_names_nothing_is_refused(values: list[object]) -> None:
    with pytest.raises(BadInput, match="texts or whole numbers"):
        _ids(values)


@pytest.mark.parametrize(("values", "row"), [([1.0, 2.5], 2), ([float("inf"), 1.0], 1)])
def test_fractions_are_refused_with_their_row(values: list[float], row: int) -> None:
    with pytest.raises(BadInput, match=f"row {row}"):
        _ids(values)
