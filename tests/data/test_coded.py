import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.data import coded
from palate.data.coded import codes_of
from palate.data.ids import as_ids
from palate.data.table import Table

TEXTS = st.lists(st.one_of(st.none(), st.text(max_size=3)), min_size=1, max_size=40)


@given(TEXTS)
def test_codes_and_values_give_the_column_back(texts: list[str | None]) -> None:
    column = pl.Series("c", texts, dtype=pl.String)
    found = codes_of(column)
    assert found.values.gather(found.codes).equals(column)
    assert found.values.to_list() == list(dict.fromkeys(texts))
    assert [texts[row] for row in found.first] == found.values.to_list()
    assert found.counts.to_list() == [texts.count(value) for value in found.values]


def test_texts_of_one_hash_stay_two(monkeypatch: pytest.MonkeyPatch) -> None:
    column = pl.Series(["a", "b", "a", None])
    one = pl.Series([1, 1, 1, 1], dtype=pl.UInt64)
    monkeypatch.setattr(pl.Series, "hash", lambda self: one)
    assert coded.codes_of(column).values.to_list() == ["a", "b", None]


@given(TEXTS)
def test_ids_are_those_of_every_row_and_their_names_in_the_order_of_appearance(
    texts: list[str | None],
) -> None:
    ids = as_ids(Table("x", pl.DataFrame({"u": pl.Series(texts, dtype=pl.String)})), "u")
    given_ids = [i for i in ids.values if i is not None]
    assert ids.names.to_list() == list(dict.fromkeys(given_ids))
    keep = pl.Series([i % 2 == 0 for i in range(len(texts))])
    fewer = ids.filter(keep)
    assert fewer.values.equals(ids.values.filter(keep))
    assert set(fewer.names) == set(fewer.values.drop_nulls())


def test_what_is_said_of_ids_counts_rows_and_not_different_ids() -> None:
    table = Table("x", pl.DataFrame({"u": ["1E+05", "1E+05", "7", "100000"]}))
    ids = as_ids(table, "u")
    assert ids.names.to_list() == ["100000", "7"]
    assert [f.count for f in ids.findings if f.code == "exponent-ids"] == [2]


@pytest.mark.parametrize("most", [10**9, 0])
def test_many_values_and_numbers_are_coded_alike(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coded, "_MOST", most)
    monkeypatch.setattr(coded, "_CHUNK", 1000)
    drawn = np.random.default_rng(0).integers(-5000, 5000, 30_000)
    for column in (
        pl.Series(drawn),
        pl.Series(drawn).cast(pl.Float64),
        pl.Series(drawn).cast(pl.String),
        pl.Series(drawn).set(pl.Series(drawn == 7), None),
    ):
        found = codes_of(column)
        assert found.values.gather(found.codes).equals(column)
        assert found.values.n_unique() == len(found.values)
        assert bool((np.diff(found.first) > 0).all())
    assert codes_of(pl.Series([], dtype=pl.String)).codes.to_list() == []
    assert codes_of(pl.Series([0.0, -0.0])).codes.to_list() == [0, 0]
