from __future__ import annotations

import datetime
from typing import Any

import polars as pl
import pytest

from palate.data.fields import field_kinds, kind_of_field
from palate.tables import Catalogue, Vocabulary

N = 40


def _column(values: list[Any], **kind: Any) -> pl.Series:
    return pl.Series("f", (values * N)[:N], **kind)


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (pl.Series("f", [f"a story about thing {i}" for i in range(N)]), "text"),
        (pl.Series("f", [f"Name{i}" for i in range(N)]), "id"),
        (pl.Series("title", ["Heat", "Alone", "Brazil", "Fargo"]), "text"),
        (_column(["red", "green", "blue"]), "category"),
        (_column(["red", "green"]), "category"),
        (_column(["War|Drama", "War", "Drama"]), "multi"),
        (_column(["Thai, Indian", "Thai"]), "multi"),
        (_column([["a"], ["a", "b"], []]), "multi"),
        (_column([[1.0, 2.0]]), "multi"),
        (_column([1, 2, 3]), "number"),
        (_column([1.5, 2.5]), "number"),
        (_column([1, 2, 3]).alias("category_id"), "category"),
        (_column([1, 2, 3]).alias("categoryid"), "category"),
        (_column([1, 2, 3]).alias("类目id"), "category"),
        (_column([1, 2, 3]).alias("paid"), "number"),
        (pl.Series("f", [f"{i % 12 + 1}/{i % 12 + 1}/2023" for i in range(N)]), "date"),
        (_column([True, False]), "category"),
        (_column([datetime.date(2020, 1, 1), datetime.date(2021, 1, 1)]), "date"),
        (pl.Series("f", [f"2020-01-{i % 28 + 1:02d}" for i in range(N)]), "date"),
        (pl.Series("f", [f"https://x.org/{i}" for i in range(N)]), "url"),
        (pl.Series("imdb_id", [f"tt{i:07d}" for i in range(N)]), "id"),
        (pl.Series("tmdb_id", list(range(N))), "id"),
        (_column([None], dtype=pl.String), "empty"),
        (_column(["", "  "]), "empty"),
        (_column([float("nan")]), "empty"),
        (_column(["same"]), "constant"),
        (_column([3]), "constant"),
        (pl.Series("name", ["一二三四", "五六七八", "九十百千"]), "text"),
    ],
)
def test_kinds(column: pl.Series, kind: str) -> None:
    assert kind_of_field(column).kind == kind


def test_what_is_known_about_a_field() -> None:
    text = kind_of_field(pl.Series("overview", ["one two three", "four five", None, " "]))
    assert (text.present, text.median_words, text.n_distinct) == (0.5, 2.5, 2)
    chinese = kind_of_field(pl.Series("name", ["红色鼠标 M8", "黑色键盘 K2"]))
    assert chinese.median_words == 5.0
    labels = kind_of_field(_column(["a; b", "b;c", "c"]))
    assert (labels.separator, labels.n_distinct, labels.median_words) == (";", 3, 2.0)
    lists = kind_of_field(pl.Series("f", [["a", "b"], ["c"], None]))
    assert (lists.separator, lists.n_distinct, round(lists.present, 3)) == ("", 3, 0.667)


def test_the_order_is_the_catalogues() -> None:
    fields = pl.DataFrame({"z": [1, 2], "a": ["x y", "z w"]})
    kinds = field_kinds(Catalogue(Vocabulary(("1", "2")), fields))
    assert [k.name for k in kinds] == ["z", "a"]
    assert field_kinds(Catalogue(Vocabulary(("1",)), pl.DataFrame())) == ()
