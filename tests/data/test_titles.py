"""Fields that name an item, however their names are written."""

from __future__ import annotations

import polars as pl
import pytest

from palate.data.titles import labels, named_by, titles
from palate.tables import Catalogue, Vocabulary


def items(**fields: list[str | None]) -> Catalogue:
    return Catalogue(Vocabulary(("a", "b")), pl.DataFrame(fields))


@pytest.mark.parametrize(
    "name", ["title", "Product Name", "productName", "PRODUCT-TITLE", "商品名称", "Bezeichnung"]
)
def test_names_of_items(name: str) -> None:
    catalogue = items(price=["1", "2"], **{name: ["red tea", None]})
    assert named_by(catalogue)
    assert titles(catalogue) == ["red tea", "b"]


def test_the_usual_name_goes_before_others() -> None:
    catalogue = items(**{"Product Name": ["x", "y"], "Title": ["red tea", "rake"]})
    assert titles(catalogue) == ["red tea", "rake"]


def test_without_such_a_field_the_id_is_the_name() -> None:
    catalogue = items(price=["1", "2"], **{"--": ["x", "y"]})
    assert not named_by(catalogue)
    assert titles(catalogue) == ["a", "b"]


def test_fields_that_colour_a_map() -> None:
    assert labels(items(Product_Type=["tea, green", None])) == ("Product_Type", ["tea", ""])


def test_short_texts_stand_for_a_name_where_none_is_called_so() -> None:
    catalogue = items(code=["7", "8"], blurb=["red tea of the house", "a rake"])
    assert named_by(catalogue)
    assert titles(catalogue) == ["red tea of the house", "a rake"]
    long = items(blurb=["word " * 20 + "a", "word " * 20 + "b"])
    assert not named_by(long)
