"""Lists, specifications and amounts that are written as text."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.data.amounts import amounts
from palate.data.structured import understood


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (["$1,299.00", "$ 5", "$.50", None], None),
        (["$1,299.00", "$ 5", "$0.50", None], [1299.0, 5.0, 0.5, None]),
        (["1.299,00 €", "5 €", "12,5€"], [1299.0, 5.0, 12.5]),
        (["€ 1 299,00", "€ 20,00"], [1299.0, 20.0]),
        (["Rs. 450", "Rs 1,20,000"], None),
        (["USD 12.50", "USD 1,000"], [12.5, 1000.0]),
        (["$10.00 - $20.00", "$3"], [10.0, 3.0]),
        (["£3"] * 19 + ["on request"], [3.0] * 19 + [None]),
        (["12", "13"], None),
        (["€ 1.234,50", "€ 20"], [1234.5, 20.0]),
        (["1,299.00 USD", "5 USD"], [1299.0, 5.0]),
        (["€ 1.234", "€ 950"], [1234.0, 950.0]),
        (["€ 12.50", "€ 3.99"], [12.5, 3.99]),
        (["$1.234", "$2"], [1.234, 2.0]),
        (["1'299.00 CHF", "20 CHF"], [1299.0, 20.0]),
        (["1\u202f299,00 \u20ac", "1\u00a0000 \u20ac"], [1299.0, 1000.0]),
        (["12.5\u5143", "1,200\u5143"], [12.5, 1200.0]),
        (["\uffe599", "\uffe51,099.5"], [99.0, 1099.5]),
        (["-$5.00", "$-1", "$2"], [-5.0, -1.0, 2.0]),
        (["3,5", "4", "-0,25", "NA"], [3.5, 4.0, -0.25, None]),
        (["1.234,5", "2"], [1234.5, 2.0]),
        (["1,234", "12,500", "3"], [1234.0, 12500.0, 3.0]),
        (["1,234", "3,5"], [1.234, 3.5]),
        (["1,299.5", "3.25"], [1299.5, 3.25]),
        (["3,5", "1,2,7"], None),
        (["3,5", "x"], None),
        (["SKU00001", "SKU00002"], None),
        (["REF-0001", "REF-0002"], None),
        (["ABC 1", "a thing for $5 and more words"], None),
        ([None, "", " "], None),
    ],
)
def test_amounts(written: list[str | None], read: list[float | None] | None) -> None:
    found = amounts(pl.Series("price", written, dtype=pl.String))
    assert (None if found is None else found.to_list()) == read


@given(st.lists(st.floats(0, 1e7).map(lambda v: round(v, 2)), min_size=1, max_size=30))
def test_an_amount_reads_back_as_what_was_written(values: list[float]) -> None:
    found = amounts(pl.Series([f"${v:,.2f}" for v in values]))
    assert found is not None
    assert found.to_list() == values


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (['["a", "b"]', "[]", None], [["a", "b"], [], None]),
        (["['a', 'it\\'s']", "['b']"], [["a", "it's"], ["b"]]),
        (["['a' 'b c']", "['d']"], [["a", "b c"], ["d"]]),
        (["[1 2 -3]", "[4]"], [["1", "2", "-3"], ["4"]]),
        (["{'b', 'a'}", "{'c'}"], [["a", "b"], ["c"]]),
        (['{a,"b c",NULL}', "{d}", "{}"], [["a", "b c"], ["d"], []]),
        (['[{"id": 1, "name": "War"}]'] * 2, [["War"], ["War"]]),
        (['{"Size:": " 7 oz", "parts": {"n": 2}}'], [["Size: 7 oz", "parts n: 2"]]),
        (["{'a': None, 'b': ['x', 'y']}"], [["b: x", "b: y"]]),
        (["a|b|c", "a|b"], [["a", "b", "c"], ["a", "b"]]),
    ],
)
def test_lists_and_specifications(written: list[str | None], read: list[Any]) -> None:
    frame, said = understood(pl.DataFrame({"f": pl.Series(written, dtype=pl.String)}), "items")
    assert frame["f"].to_list() == read
    assert len(said) == 1
    assert said[0].startswith('"f" of items was ')


def test_objects_of_json_lines_are_lists_too() -> None:
    frame, _ = understood(pl.DataFrame({"spec": [{"w": 1, "h": None}, {"w": 2, "h": 3}]}), "items")
    assert frame["spec"].to_list() == [["w: 1"], ["w: 2", "h: 3"]]


@pytest.mark.parametrize(
    "text", ["[draft] a note", "{not: json", "plain words", "[1, 2", "[" * 5000 + "]" * 5000]
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    before = pl.DataFrame({"f": [text, text + "!"]})
    after, said = understood(before, "items")
    assert after.equals(before)
    assert said == ()


def test_what_is_lost_is_said() -> None:
    frame = pl.DataFrame({"price": ["$3"] * 19 + ["on request"]})
    assert understood(frame, "items")[1] == (
        '"price" of items was read as amounts; 1 values that are none were left empty.',
    )


@pytest.mark.parametrize(
    ("written", "first"),
    [
        (["2023/3/20", "2023/12/1"], "2023-03-20T00:00:00"),
        (["20.03.2023", "1.12.2023"], "2023-03-20T00:00:00"),
        (["2023年3月20日", "2023年12月1日"], "2023-03-20T00:00:00"),
        (["2023-03-20", "2023-12-01"], None),
        (["03/04/2023", "05/06/2023"], None),
        (["20.03.2023", "soon"], None),
        (["12.5", "3.25"], None),
    ],
)
def test_dates_in_another_way_than_the_usual_one(written: list[str], first: str | None) -> None:
    fields, said = understood(pl.DataFrame({"added": written}), "items.csv")
    column = fields["added"]
    if first is None:
        assert column.dtype == pl.String
        return
    assert column.dt.to_string("iso:strict")[0].startswith(first)
    assert said == ('"added" of items.csv was read as dates.',)
