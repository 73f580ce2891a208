from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import palate
from palate.data.assemble import read_frames
from palate.data.readers.frames import from_frame
from palate.errors import BadInput


def test_polars_frames_are_taken_as_they_are() -> None:
    frame = pl.DataFrame({"a": [1, 2], "c": pl.Series(["x", "y"], dtype=pl.Categorical)})
    assert from_frame(frame, "log").frame["c"].dtype == pl.String
    assert frame["c"].dtype == pl.Categorical
    assert from_frame(frame.lazy(), "log").frame.equals(from_frame(frame, "log").frame)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2], [1, 2]),
        ([1.5, np.nan], [1.5, None]),
        ([1.0, 2.0], [1.0, 2.0]),
        (["a", None], ["a", None]),
        (pd.array([1, None], dtype="Int64"), [1, None]),
        (pd.array([1, 2], dtype="Int32"), [1, 2]),
        (pd.array([True, None], dtype="boolean"), [True, None]),
        ([True, False], [True, False]),
        (pd.array(["a", None], dtype="string"), ["a", None]),
        (pd.Categorical(["x", None]), ["x", None]),
        ([["a"], None], [["a"], None]),
        ([("a", "b"), None], [["a", "b"], None]),
        ([np.int64(3), "x"], ["3", "x"]),
        (pd.to_datetime(["2020-01-01", None]), [datetime.datetime(2020, 1, 1), None]),
        (
            pd.to_datetime(["2020-01-01T02:00+02:00", None], utc=True),
            [datetime.datetime(2020, 1, 1), None],
        ),
        ([datetime.date(2020, 1, 1), None], ["2020-01-01", None]),
        (np.array([1, 2], dtype="uint8"), [1, 2]),
        (pd.arrays.SparseArray([0.0, 1.5]), [0.0, 1.5]),
        (pd.arrays.SparseArray([0, 2], fill_value=0), [0, 2]),
        (pd.arrays.SparseArray([np.nan, 1.5]), [None, 1.5]),
    ],
)
def test_pandas_columns_of_every_kind(values: Any, expected: list[Any]) -> None:
    frame = pd.DataFrame({"v": pd.Series(values), "w": [0, 0]})
    before = frame.copy(deep=True)
    assert from_frame(frame, "log").frame["v"].to_list() == expected
    pd.testing.assert_frame_equal(frame, before)


def test_nanoseconds_of_pandas_are_kept_and_years_that_they_cannot_hold_too() -> None:
    fine = pd.DataFrame({"t": pd.to_datetime(["2020-01-01T00:00:00.000000002"])})
    assert from_frame(fine, "log").frame["t"].dt.nanosecond().to_list() == [2]
    far = pd.DataFrame({"t": np.array(["3020-01-01"], dtype="datetime64[s]")})
    assert from_frame(far, "log").frame["t"].dt.year().to_list() == [3020]


def test_pandas_and_polars_give_the_same_data_set() -> None:
    columns = {
        "user_id": [3, 3, 4],
        "item_id": ["a", "b", "a"],
        "rating": [1.0, 2.0, 3.5],
        "timestamp": [5, 6, 7],
    }
    one = read_frames(pl.DataFrame(columns)).interactions
    two = read_frames(pd.DataFrame(columns, index=[9, 9, 9])).interactions
    assert one.frame().equals(two.frame())


def test_ids_that_pandas_made_floats_are_mended_aloud() -> None:
    frame = pd.DataFrame({"user_id": [1.0, 2.0], "item_id": ["a", "b"]})
    data = read_frames(frame)
    assert data.interactions.users.ids == ("1", "2")
    assert any("42.0" in guess for guess in data.guesses)


def test_column_names_need_not_be_text() -> None:
    assert from_frame(pd.DataFrame({0: [1], 1: [2]}), "log").frame.columns == ["0", "1"]


def test_equal_frames_have_equal_digests() -> None:
    frame = pl.DataFrame({"a": [1, 2, 3]})
    pieces = pl.concat([frame.head(1), frame.tail(2)], rechunk=False)
    assert from_frame(frame, "a").digest == from_frame(pieces, "b").digest
    assert from_frame(frame, "a").digest != from_frame(frame.reverse(), "a").digest


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ([1, 2], "list is not a frame"),
        ({"a": [1]}, "dict is not a frame"),
        (pl.DataFrame(), "no row"),
        (pd.DataFrame({"a": []}), "no row"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "same name"),
        (pl.Series([1]), "Series is not a frame"),
    ],
)
def test_what_is_no_table_is_refused(frame: Any, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        from_frame(frame, "log")


@pytest.mark.parametrize("kind", ["table", "reader", "duckdb"])
def test_whatever_gives_arrow_is_a_frame(kind: str) -> None:
    pa = pytest.importorskip("pyarrow")
    plain = pl.DataFrame(
        {"user_id": ["u", "v", "u"], "item_id": ["a", "b", "b"], "stars": [5, 3, 1]}
    )
    given: Any = plain.to_arrow()
    if kind == "reader":
        given = pa.RecordBatchReader.from_batches(given.schema, given.to_batches(max_chunksize=2))
    if kind == "duckdb":
        given = pytest.importorskip("duckdb").from_arrow(given)
    assert (
        palate.read(given)
        .data.interactions.frame()
        .equals(palate.read(plain).data.interactions.frame())
    )


def test_of_a_lazy_frame_only_what_is_needed_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    from palate.data.needed_columns import columns_of_log
    from palate.data.readers import frames, projection
    from palate.data.settings import DataSettings

    for module, name, rows in (
        (projection, "LEAST", 40),
        (frames, "LEAST", 40),
        (projection, "SAMPLE", 20),
    ):
        monkeypatch.setattr(module, name, rows)
    plain = pl.DataFrame(
        {
            "user_id": [f"u{i % 7}" for i in range(60)],
            "item_id": [f"i{i % 11}" for i in range(60)],
            "review": ["some words"] * 60,
        }
    )
    table = from_frame(plain.lazy(), "interactions", columns_of_log(DataSettings()))
    assert table.frame.equals(plain.drop("review"))
    assert table.first.columns == plain.columns
    wrong = plain.lazy().with_columns(pl.col("user_id").cast(pl.Int64))
    with pytest.raises(BadInput, match="cannot be computed"):
        from_frame(wrong, "interactions")


def test_a_stream_that_is_none_is_refused() -> None:
    class Broken:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            raise ValueError("the source is closed")

    with pytest.raises(BadInput, match="the source is closed"):
        from_frame(Broken(), "interactions")
