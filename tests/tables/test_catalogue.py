from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import polars as pl
import pytest

from palate.errors import BadInput, BadRecipe
from palate.tables import Catalogue, Dataset, Interactions, Vocabulary
from palate.tables.catalogue import as_text
from palate.tables.columns import ALIASES, ITEM, TIME, USER, VALUE

ITEMS = Vocabulary(("a", "b", "c"))
FIELDS = pl.DataFrame(
    {
        "title": ["One", " ", None],
        "genres": [["x", "y"], [], None],
        "year": [1999, None, 2001],
        "empty": [None] * 3,
    }
)


def test_texts_join_what_there_is() -> None:
    catalogue = Catalogue(ITEMS, FIELDS)
    assert catalogue.texts(["title", "genres", "year"]) == ["One. x, y. 1999", None, "2001"]
    assert catalogue.texts(["title", "year"], " | ") == ["One | 1999", None, "2001"]
    assert catalogue.texts(["empty"]) == [None] * 3
    assert catalogue.texts([]) == [None] * 3
    assert len(catalogue) == 3


def test_a_field_that_is_not_there_names_the_nearest() -> None:
    with pytest.raises(BadRecipe, match='the catalogue has no field "titel"') as info:
        Catalogue(ITEMS, FIELDS).texts(["titel"])
    assert info.value.next_step == 'did you mean "title"?'
    assert info.value.allowed == "title, genres, year, empty"
    with pytest.raises(BadRecipe) as info:
        Catalogue(ITEMS, pl.DataFrame()).column("title", "blocks.text.fields")
    assert info.value.where == "blocks.text.fields"
    assert info.value.allowed.startswith("none")


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pl.Series(["  a ", "", "\t\n", None]), ["a", None, None, None]),
        (pl.Series([1, None]), ["1", None]),
        (pl.Series([1.5]), ["1.5"]),
        (pl.Series([True, False]), ["true", "false"]),
        (pl.Series([datetime.date(2020, 1, 2)]), ["2020-01-02"]),
        (pl.Series(["x", "y"], dtype=pl.Categorical), ["x", "y"]),
        (pl.Series([["a", None, "b"], [None], []], dtype=pl.List(pl.String)), ["a, b", None, None]),
        (pl.Series([[1, 2]]), ["1, 2"]),
        (pl.Series([["a", "b"]], dtype=pl.Array(pl.String, 2)), ["a, b"]),
        (pl.Series([None, None]), [None, None]),
        (pl.Series([], dtype=pl.String), []),
    ],
)
def test_any_column_as_text(column: pl.Series, expected: list[Any]) -> None:
    before = column.clone()
    assert as_text(column).to_list() == expected
    assert column.equals(before)


def test_a_catalogue_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(BadInput, match="3 rows of fields for 1 items"):
        Catalogue(Vocabulary(("a",)), FIELDS)


def log(items: Vocabulary) -> Interactions:
    row = np.zeros(1, np.int32)
    return Interactions(Vocabulary(("u",)), items, row, row, np.ones(1, np.float32))


def test_a_data_set_has_one_vocabulary_of_items() -> None:
    same = Dataset(log(Vocabulary(("a", "b", "c"))), Catalogue(ITEMS, FIELDS))
    assert same.guesses == ()
    with pytest.raises(BadInput, match="the log knows 2 items, the catalogue 3, not the same"):
        Dataset(log(Vocabulary(("a", "b"))), Catalogue(ITEMS, FIELDS))


def test_a_data_set_has_one_row_for_each_user() -> None:
    catalogue = Catalogue(ITEMS, FIELDS)
    assert Dataset(log(ITEMS), catalogue, pl.DataFrame({"age": [3]})).users is not None
    with pytest.raises(BadInput, match="2 rows for 1 users"):
        Dataset(log(ITEMS), catalogue, pl.DataFrame({"age": [3, 4]}))


def test_aliases_are_written_as_they_are_compared_and_mean_one_thing() -> None:
    assert set(ALIASES) >= {USER, ITEM, VALUE, TIME}
    every = [name for names in ALIASES.values() for name in names]
    assert len(set(every)) == len(every)
    for canonical, names in ALIASES.items():
        assert names[0] == canonical
        for name in names:
            assert name == name.lower().replace("-", "_").replace(" ", "_")
