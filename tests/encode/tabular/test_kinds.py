import datetime

import polars as pl
import pytest

from palate.encode.tabular.kinds import kind_of, separator_of


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1.5, 2.5, None], "number"),
        ([1990, 1991, 1990], "number"),
        ([True, False, None], "number"),
        (["1.5", "2", "3"], "number"),
        (list(range(100)), None),
        ([float(i) for i in range(100)], None),
        ([f"{i}" for i in range(100)], None),
        ([datetime.date(2020, 1, 1)], "date"),
        ([datetime.datetime(2020, 1, 1, 10)], "date"),
        (["2020-01-01", "2020-02-01T10:00:00Z"], "date"),
        ([["a", "b"], [], None], "labels"),
        ([[1.0, 2.0]], None),
        (["Action|Drama", "Drama", "Comedy|Drama", "Action|Comedy"], "labels"),
        (["wine, red", "red", "wine, white", "white, dry", "red, dry"], "labels"),
        (["acme", "zenith", "acme", "acme"], "category"),
        (["red wine for two", "an old lamp", "a book on war", "new shoes"], "text"),
        (["He came, he saw, he won.", "Red, the colour, is it?", "Well, no, not, ever."], "text"),
        (["https://a.org/x,y.png", "https://a.org/z,y.png"], None),
        ([f"B0{i:04d}" for i in range(60)], None),
        ([None, None], None),
    ],
)
def test_kinds_of_values(values, kind):
    assert kind_of(pl.Series("field", values)) == kind


def test_kinds_of_types():
    assert kind_of(pl.Series("f", ["a", "b"], dtype=pl.Categorical)) == "category"
    assert kind_of(pl.Series("f", [["a"], ["b"]], dtype=pl.List(pl.Categorical))) == "labels"
    assert kind_of(pl.Series("f", [{"a": 1}])) is None


def test_numbers_that_point_elsewhere_are_no_quantities():
    assert kind_of(pl.Series("brand_id", [1, 2, 1, 2, 1])) == "category"
    assert kind_of(pl.Series("tmdb_id", [1, 2, 3, 4])) is None
    assert kind_of(pl.Series("genre_ids", [[1, 2], [1]])) == "labels"


def test_what_parts_labels():
    assert separator_of(pl.Series(["a;b", "b;c", "a;c", "a"])) == ";"
    assert separator_of(pl.Series([], dtype=pl.String)) == ""
