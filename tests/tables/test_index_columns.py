from __future__ import annotations

import polars as pl
import pytest

from palate.tables.index_columns import index_columns


@pytest.mark.parametrize(
    ("name", "values", "index"),
    [
        ("Unnamed: 0", ["0", "1", "2"], True),
        ("Unnamed: 0", ["0", "2", "5"], True),
        ("Unnamed: 0.1", [3, 1, 2], True),
        ("Unnamed: 0", ["a", "b", "c"], False),
        ("", [0, 1, 2], True),
        ("", [1.5, 2.5, 3.5], False),
        ("column_1", ["1", "2", "3"], True),
        ("__index_level_0__", [100, 101, 102], True),
        ("__index_level_0__", ["x", "y", "z"], False),
        ("index", [0, 1, 2], True),
        ("index", ["1", "2", "3"], True),
        ("index", [7, 8, 9], False),
        ("index", [0, None, 2], False),
        ("level_0", [0, 1, 2], True),
        ("id", [0, 1, 2], False),
        ("user_index", [0, 1, 2], False),
    ],
)
def test_what_numbers_the_rows(name: str, values: list[object], index: bool) -> None:
    frame = pl.DataFrame({name: values, "item_id": ["a", "b", "c"]})
    assert index_columns(frame) == ([name] if index else [])


def test_a_file_without_names_has_no_such_column() -> None:
    assert index_columns(pl.DataFrame({"column_1": ["1", "2"], "column_2": ["1", "3"]})) == []
