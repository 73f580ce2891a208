import numpy as np
import polars as pl
import pytest

from palate.encode.text.tfidf import Tfidf, TfidfSettings
from palate.errors import BadInput, BadRecipe
from palate.tables import Catalogue, Vocabulary

ROWS = np.array([0, 1, 2], np.int32)


def test_weights_are_those_worked_out_by_hand(shop):
    catalogue = shop(["red red wine", "red glass", "wine", "new wine"])
    block = Tfidf().fit(catalogue, ROWS).encode(catalogue)
    assert block.columns == ("glass", "red", "wine")
    idf = {w: np.log(4 / (1 + n)) + 1 for w, n in (("glass", 1), ("red", 2), ("wine", 2))}
    first = np.array([0, (1 + np.log(2)) * idf["red"], idf["wine"]])
    np.testing.assert_allclose(block.matrix.toarray()[0], first / np.linalg.norm(first), rtol=1e-6)
    assert block.matrix.toarray()[3].tolist() == [0, 0, 1]


def test_words_of_other_items_are_not_known(shop):
    catalogue = shop(["red wine", "wine", "wine", "dragon"])
    block = Tfidf().fit(catalogue, ROWS).encode(catalogue)
    assert "dragon" not in block.columns
    assert not block.present[3]
    assert block.matrix[3].nnz == 0


def test_settings_do_what_they_say(shop):
    catalogue = shop(["red wine red wine", "red glass", "red lamp"], brand=["acme"] * 3)

    def columns(**settings):
        return (
            Tfidf(TfidfSettings(**{"fields": ("title",), **settings}))
            .fit(catalogue, ROWS)
            .encode(catalogue)
        )

    assert columns(min_items=2).columns == ("red",)
    assert "red" not in columns(max_share=0.9).columns
    assert columns(max_words=1).columns == ("red",)
    assert "wine red" in columns(word_runs=2).columns
    assert "acme" in columns(fields=("title", "brand")).columns
    assert {"title", "brand"} <= set(columns(fields=("title", "brand"), layout="named").columns)
    assert columns(normalise=False).matrix.toarray().max() > 1.1
    plain, damped = (
        columns(normalise=False, sublinear=s).matrix.toarray()[0].max() for s in (False, True)
    )
    assert plain / damped == pytest.approx(2 / (1 + np.log(2)))


def test_it_is_sparse_float32_and_sorted(shop):
    catalogue = shop([f"word{i} word{i + 1}" for i in range(200)])
    matrix = Tfidf().fit(catalogue, np.arange(200, dtype=np.int32)).encode(catalogue).matrix
    assert matrix.dtype == np.float32
    assert matrix.has_sorted_indices
    assert matrix.nnz == 400


@pytest.mark.parametrize("titles", [[None, None], ["!", "?"], ["a", "b"]])
def test_without_a_word_it_refuses(shop, titles):
    with pytest.raises(BadInput, match="no word occurs in at least 1 of the"):
        Tfidf(TfidfSettings(fields=("title",))).fit(shop(titles), np.array([0, 1], np.int32))


def test_too_rare_words_are_refused_with_the_way_out(shop):
    with pytest.raises(BadInput, match="min_items"):
        Tfidf(TfidfSettings(min_items=5)).fit(shop(["red wine"] * 3), ROWS)


def test_lists_are_read_and_a_misspelt_field_is_named():
    catalogue = Catalogue(Vocabulary.of("ab"), pl.DataFrame({"tags": [["Red", "Old wine"], []]}))
    block = Tfidf().fit(catalogue, np.array([0, 1], np.int32)).encode(catalogue)
    assert block.columns == ("old", "red", "wine")
    assert block.present.tolist() == [True, False]
    with pytest.raises(BadRecipe, match='did you mean "tags"'):
        Tfidf(TfidfSettings(fields=("tag",))).fit(catalogue, ROWS[:2])


def test_beauty_titles(data_folder):
    items = pl.read_parquet(data_folder("amazon-beauty") / "items.parquet")
    catalogue = Catalogue(Vocabulary.of(items["item_id"]), items.select("title"))
    block = Tfidf().fit(catalogue, np.arange(10_000, dtype=np.int32)).encode(catalogue)
    assert block.present.mean() > 0.99
    assert 5_000 < block.width < 20_000
    norms = np.sqrt(np.asarray(block.matrix.multiply(block.matrix).sum(axis=1)).ravel())
    np.testing.assert_allclose(norms[block.present], 1, rtol=1e-5)


def test_words_that_say_nothing_are_left_out_but_not_when_they_are_all_there_is(shop):
    catalogue = shop(["the red wine", "It", "wine of the year"])
    assert Tfidf().fit(catalogue, ROWS).encode(catalogue).columns == ("it", "red", "wine", "year")
    every = Tfidf(TfidfSettings(stop_words="none")).fit(catalogue, ROWS).encode(catalogue)
    assert every.columns == ("it", "of", "red", "the", "wine", "year")
