"""Comparisons against columns: types, values, lists, hierarchies, and what is unknown."""

import polars as pl
import pytest

from palate.errors import BadRecipe
from palate.rules.columns import check, truth
from palate.rules.expressions import Compare
from palate.rules.grammar import parse

TABLE = pl.DataFrame(
    {
        "kind": ["toys", "books", None, "toys"],
        "price": [1.0, 5.0, None, 9.0],
        "new": [True, False, None, True],
        "tags": [["a", "b"], [], None, ["b"]],
        "path": ["toys > lego", "toys", "toyshop", None],
    }
)


def true_of(text: str, **hierarchy: list[str]) -> list[bool]:
    compare = parse(f"if {text} then up 1").condition
    assert isinstance(compare, Compare)
    check(compare, TABLE, hierarchy, "rules.x")
    return [bool(v) for v in truth(compare, TABLE[compare.field], hierarchy)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('item.kind == "toys"', [1, 0, 0, 1]),
        ('item.kind != "toys"', [0, 1, 0, 0]),
        ('item.kind in ["toys", "books"]', [1, 1, 0, 1]),
        ('item.kind not in ["toys"]', [0, 1, 0, 0]),
        ("item.price < 5", [1, 0, 0, 0]),
        ("item.price <= 5", [1, 1, 0, 0]),
        ("item.price > 5", [0, 0, 0, 1]),
        ("item.price >= 5", [0, 1, 0, 1]),
        ("item.price == 9", [0, 0, 0, 1]),
        ("item.new == true", [1, 0, 0, 1]),
        ("item.new == false", [0, 1, 0, 0]),
        ('item.tags == "a"', [1, 0, 0, 0]),
        ('item.tags != "a"', [0, 0, 0, 1]),
        ('item.tags in ["a", "b"]', [1, 0, 0, 1]),
        ('item.path in "toys"', [1, 1, 0, 0]),
        ('item.path not in "toys"', [0, 0, 1, 0]),
    ],
)
def test_what_is_unknown_fulfils_no_comparison(text: str, expected: list[int]) -> None:
    assert true_of(text) == [bool(v) for v in expected]


def test_a_hierarchy_is_followed_to_its_leaves() -> None:
    below = {"things": ["toys", "paper"], "paper": ["books"]}
    assert true_of('item.kind in "things"', **below) == [True, True, False, True]
    assert true_of('item.kind in "paper"', **below) == [False, True, False, False]
    assert true_of('item.kind == "toys"', **below) == [True, False, False, True]


def test_a_hierarchy_that_goes_in_a_circle_ends() -> None:
    below = {"a": ["toys"], "toys": ["a"]}
    assert true_of('item.kind in "a"', **below) == [True, False, False, True]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('item.kid == "toys"', 'did you mean "kind"'),
        ('item.kind == "toy"', 'allowed: "toys", "books"'),
        ('item.kind in ["toys", "boks"]', 'did you mean "books"'),
        ("item.kind == 3", '"kind" holds texts, and 3.0 is none'),
        ('item.price == "3"', '"price" holds numbers'),
        ("item.price == true", '"price" holds numbers'),
        ('item.new == "yes"', '"new" holds true or false'),
        ('item.kind < "toys"', "no order"),
        ('item.tags == "c"', '"b", "a"'),
        ('item.path in "garden"', 'no "path" is "garden"'),
    ],
)
def test_what_can_never_be_true_is_refused_by_column_and_values(text: str, what: str) -> None:
    with pytest.raises(BadRecipe, match=what):
        true_of(text)


def test_a_table_that_is_not_there() -> None:
    with pytest.raises(BadRecipe, match="no such table"):
        check(Compare("user", "age", ">", 3.0), pl.DataFrame(), {}, "rules.x")
