from __future__ import annotations

import copy

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.errors import BadInput
from palate.tables import Vocabulary

ids = st.lists(st.one_of(st.text(max_size=3), st.integers(-3, 30)), max_size=20)


@given(ids)
def test_ids_and_rows_lead_to_each_other(names: list[str | int]) -> None:
    vocabulary = Vocabulary.of(names)
    as_text = [str(n) for n in names]
    assert list(vocabulary.ids) == list(dict.fromkeys(as_text))
    rows = vocabulary.rows(names)
    assert rows.dtype == np.int32
    assert vocabulary.names(rows) == as_text
    assert len(vocabulary) == len(set(as_text))
    assert vocabulary.known_rows(names).tolist() == rows.tolist()


def test_numbers_and_their_text_are_one_id() -> None:
    assert Vocabulary.of([7, "7", np.int64(7)]).ids == ("7",)
    assert Vocabulary.of(["7"]).rows(pl.Series([7, 8])).tolist() == [0, -1]


def test_nothing_is_a_vocabulary() -> None:
    empty = Vocabulary.of([])
    assert len(empty) == 0
    assert empty.rows(["a"]).tolist() == [-1]
    assert empty.names(np.empty(0, np.int32)) == []


def test_a_missing_id_is_nobody_and_not_the_item_called_none() -> None:
    vocabulary = Vocabulary(("None", "a"))
    assert vocabulary.rows([None, "None"]).tolist() == [-1, 0]
    assert vocabulary.rows(pl.Series(["a", None])).tolist() == [1, -1]
    with pytest.raises(BadInput, match="an id is missing"):
        Vocabulary.of(["a", None])


def test_an_id_twice_is_refused() -> None:
    with pytest.raises(BadInput, match='the id "b" occurs twice'):
        Vocabulary(("a", "b", "c", "b"))


def test_an_unknown_id_where_all_must_be_known() -> None:
    with pytest.raises(BadInput, match='2 unknown user, the first is "x"') as info:
        Vocabulary(("a", "b")).known_rows(["a", "x", "b", "y"], "user")
    assert info.value.where == "row 2"
    assert info.value.allowed == "the 2 users of the data, such as a, b"


def test_nobodys_row_has_no_name() -> None:
    with pytest.raises(IndexError, match="there is no row -1"):
        Vocabulary(("a", "b")).names(np.array([0, -1]))
    with pytest.raises(IndexError):
        Vocabulary(("a", "b")).names(np.array([2]))


def test_equal_ids_make_equal_vocabularies() -> None:
    assert Vocabulary.of(["a", "b"]) == Vocabulary(("a", "b"))
    assert Vocabulary.of(["a", "b"]) != Vocabulary(("b", "a"))


@given(
    st.one_of(
        st.lists(st.none() | st.text(max_size=2), max_size=12),
        st.lists(st.none() | st.integers(-3, 9), max_size=12),
    )
)
def test_a_column_gives_what_a_list_gives(names: list[str | None] | list[int | None]) -> None:
    column = pl.Series(
        names, dtype=pl.Int64 if any(isinstance(n, int) for n in names) else pl.String
    )
    vocabulary = Vocabulary(("1", "a", "2", "-3", "None", ""))
    rows = vocabulary.rows(column)
    assert rows.dtype == np.int32
    assert rows.tolist() == vocabulary.rows(names).tolist()
    present = [n for n in names if n is not None]
    assert Vocabulary.of(column.drop_nulls()) == Vocabulary.of(present)


@pytest.mark.parametrize("values", [[1.5, 2.0], [True, False]])
def test_columns_that_polars_writes_otherwise_are_read_as_python_writes_them(
    values: list[object],
) -> None:
    column = pl.Series(values)
    assert Vocabulary.of(column).ids == tuple(map(str, values))
    assert Vocabulary.of(values).rows(column).tolist() == [0, 1]


def test_only_the_ids_travel_to_another_process() -> None:
    vocabulary = Vocabulary.of(range(1000))
    vocabulary.rows(["3"])
    again = copy.copy(vocabulary)
    assert again == vocabulary
    assert vocabulary.__reduce__() == (Vocabulary, (vocabulary.ids,))
    assert again.rows(["7", "x"]).tolist() == [7, -1]
