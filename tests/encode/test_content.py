import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.encode.content import chosen_fields, digest_of, digest_of_rows, text_fields, texts_of
from palate.errors import BadRecipe

TEXT = st.lists(st.none() | st.text(max_size=5), max_size=5)


def test_fields_are_joined_or_named(shop):
    catalogue = shop(["Red wine", None, None], brand=["Acme", "Acme", None])
    assert texts_of(catalogue, ["title", "brand"]) == ["Red wine. Acme", "Acme", None]
    named = ["title: Red wine; brand: Acme", "brand: Acme", None]
    assert texts_of(catalogue, ["title", "brand"], "named") == named


def test_text_fields_are_words_and_nothing_else():
    frame = pl.DataFrame(
        {
            "title": ["red wine", "blue glass", None],
            "tags": [["a", "b"], ["c"], []],
            "picture": ["https://x.org/a.png", "https://x.org/b.png", None],
            "file": ["a.jpg", "b.jpg", "c.jpg"],
            "day": ["2020-01-01", "2020-01-02", "2020-01-03T10:00:00Z"],
            "price": ["1.50", "2", "3"],
            "year": [1, 2, 3],
            "nothing": pl.Series([None, None, None], dtype=pl.String),
        }
    )
    assert text_fields(frame) == ("title", "tags")


def test_codes_are_no_text():
    codes = pl.DataFrame({"asin": [f"B{i:05d}X" for i in range(40)], "word": ["wine"] * 40})
    assert text_fields(codes) == ("word",)


def test_fields_are_chosen_on_training_items_alone(shop):
    import numpy as np

    catalogue = shop(["1", "2", "red wine", "blue glass", "old lamp"])
    with pytest.raises(BadRecipe, match="looks like text"):
        chosen_fields(catalogue, (), np.array([0, 1], np.int32))
    assert chosen_fields(catalogue, (), np.array([2, 3], np.int32)) == ("title",)


def test_a_misspelt_field_names_the_nearest(shop):
    import numpy as np

    with pytest.raises(BadRecipe, match='did you mean "title"'):
        chosen_fields(shop(["a"]), ("titel",), np.array([0], np.int32))


@given(TEXT, TEXT)
def test_digests_differ_where_texts_differ(a, b):
    assert (digest_of(a) == digest_of(b)) == (a == b)


def test_digests_know_missing_from_empty_and_where_texts_end():
    assert (
        len({digest_of(t) for t in ([None], [""], [], ["ab", "c"], ["a", "bc"], ["\ud800"])}) == 6
    )


def test_digests_of_rows_are_those_of_sets():
    import numpy as np

    assert digest_of_rows(np.array([3, 1, 1])) == digest_of_rows(np.array([1, 3], np.int32))
    assert digest_of_rows(np.array([1])) != digest_of_rows(np.array([1, 3]))
