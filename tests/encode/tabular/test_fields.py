import datetime

import numpy as np
import polars as pl
import pytest
from scipy import sparse

from palate.arrays import dense
from palate.encode.tabular.fields import Fields, FieldsSettings
from palate.errors import BadRecipe
from palate.tables import Catalogue, Vocabulary


@pytest.fixture
def catalogue():
    fields = pl.DataFrame(
        {
            "price": [1.0, 3.0, None, 5.0, None],
            "brand": ["a", "a", "b", "b", None],
            "genres": ["x|y", "x", "y|x", "x", None],
            "released": [datetime.date(2020, 1, i) for i in (1, 2, 3, 4)] + [None],
            "title": ["Red wine", "Old lamp", "A new book", "Glass", None],
            "picture": ["http://a/b.png"] * 4 + [None],
        }
    )
    return Catalogue(Vocabulary.of("abcde"), fields)


ROWS = np.arange(4, dtype=np.int32)


def test_everything_that_can_be_guessed(catalogue):
    part = Fields().fit(catalogue, ROWS)
    kinds = {
        "price": "number",
        "brand": "category",
        "genres": "labels",
        "released": "date",
        "title": "text",
    }
    assert part.kinds_ == kinds
    block = part.encode(catalogue)
    assert block.origin.fields == tuple(kinds)
    assert {
        "price",
        "price is missing",
        "brand=a",
        "genres=y",
        "released age in years",
        "title: words",
    } <= set(block.columns)
    assert block.present.tolist() == [True] * 4 + [False]
    assert not block.matrix[4].any()


def test_kinds_can_be_told(catalogue):
    settings = FieldsSettings(
        fields=("price",), kinds={"price": "category", "picture": "category"}, min_items=1
    )
    block = Fields(settings).fit(catalogue, ROWS).encode(catalogue)
    assert block.columns == ("price=1.0", "price=3.0", "price=5.0", "picture=http://a/b.png")


def test_fields_that_cannot_be_guessed_must_be_told(catalogue):
    with pytest.raises(BadRecipe, match=r'kinds = \{picture = "category"\}'):
        Fields(FieldsSettings(fields=("picture",))).fit(catalogue, ROWS)
    with pytest.raises(BadRecipe, match='did you mean "price"'):
        Fields(FieldsSettings(fields=("pirce",))).fit(catalogue, ROWS)
    with pytest.raises(BadRecipe, match="no field has a kind"):
        Fields().fit(Catalogue(catalogue.items, catalogue.fields.select("picture")), ROWS)


def test_an_item_of_empty_labels_and_infinite_numbers_is_absent():
    fields = pl.DataFrame({"tags": [["a"], []], "price": [1.0, float("inf")]})
    block = (
        Fields(FieldsSettings(min_items=1))
        .fit(Catalogue(Vocabulary.of("ab"), fields), np.array([0, 1], np.int32))
        .encode(Catalogue(Vocabulary.of("ab"), fields))
    )
    assert block.present.tolist() == [True, False]


def test_dense_and_sparse_are_the_same_numbers(catalogue):
    blocks = [
        Fields(FieldsSettings(form=form)).fit(catalogue, ROWS).encode(catalogue)
        for form in ("dense", "sparse")
    ]
    assert [sparse.issparse(b.matrix) for b in blocks] == [False, True]
    assert np.array_equal(dense(blocks[0].matrix), dense(blocks[1].matrix))


def test_many_indicators_make_it_sparse():
    fields = pl.DataFrame({"brand": [f"brand {i % 100}" for i in range(400)]})
    catalogue = Catalogue(Vocabulary.of(map(str, range(400))), fields)
    block = Fields().fit(catalogue, np.arange(400, dtype=np.int32)).encode(catalogue)
    assert sparse.issparse(block.matrix)
    assert block.width == 100


def test_a_separator_can_be_told(catalogue):
    settings = FieldsSettings(
        fields=("genres",), kinds={"genres": "labels"}, separator="/", min_items=1
    )
    block = Fields(settings).fit(catalogue, ROWS).encode(catalogue)
    assert block.columns == ("genres=x", "genres=x|y", "genres=y|x")


def test_kinds_are_guessed_from_training_items_alone():
    fields = pl.DataFrame({"f": ["1", "2", "red wine", "old lamp"]})
    catalogue = Catalogue(Vocabulary.of("abcd"), fields)
    part = Fields().fit(catalogue, np.array([0, 1], np.int32))
    assert part.kinds_ == {"f": "number"}
    assert part.encode(catalogue).present.tolist() == [True, True, True, True]
