"""What encoders of entities say of items that share, and nearly share, what they are related to."""

import numpy as np
import polars as pl
import pytest

from palate.arrays import dense, l2_normalised
from palate.encode.graph.neighbours import Neighbours, NeighboursSettings
from palate.encode.graph.pagerank import PageRank, PageRankSettings
from palate.encode.graph.steps import largest
from palate.encode.graph.translations import Translations, TranslationsSettings
from palate.encode.graph.walks import Walks
from palate.errors import BadRecipe
from palate.tables import Catalogue, Vocabulary

EVERY = (Neighbours, PageRank, Translations, Walks)


def films(by: list[list[str]], cast: list[list[str]] | None = None) -> Catalogue:
    fields = {"by": by} if cast is None else {"by": by, "cast": cast}
    ids = Vocabulary.of(f"film{i}" for i in range(len(by)))
    return Catalogue(ids, pl.DataFrame(fields, schema={f: pl.List(pl.String) for f in fields}))


def two_studios(seed: int = 0, n: int = 60) -> Catalogue:
    """Two studios, each with people of its own; even films are made by one, odd ones by the
    other.
    """
    rng = np.random.default_rng(seed)
    cast = [[f"{'ab'[i % 2]}{p}" for p in rng.choice(12, 3, replace=False)] for i in range(n)]
    return films([[f"{'ab'[i % 2]}-boss{i % 4 // 2}"] for i in range(n)], cast)


def rows(catalogue: Catalogue) -> np.ndarray:
    return np.arange(len(catalogue), dtype=np.int32)


def test_a_product_counts_shared_neighbours_weighed_by_relation_and_rarity() -> None:
    shop = films([["x"], ["x"], ["y"], ["y"]], [["p", "q"], ["p"], ["q"], []])
    settings = NeighboursSettings(fields=("by", "cast"), weights={"by": 2.0}, rarity=0)
    X = dense(Neighbours(settings).fit(shop, rows(shop)).encode(shop).matrix)
    assert (X @ X.T)[0].tolist() == [6.0, 5.0, 1.0, 0.0]
    rare = Neighbours(NeighboursSettings(fields=("by",), rarity=1)).fit(shop, rows(shop))
    assert dense(rare.encode(shop).matrix)[0].max() == pytest.approx(np.log(5 / 3) + 1)


def test_one_name_in_two_relations_is_one_entity_unless_apart() -> None:
    shop = films([["Eastwood"], ["other"], ["other"]], [[], ["Eastwood"], []])
    fields = ("by", "cast")
    together = Neighbours(NeighboursSettings(fields=fields, min_items=1)).fit(shop, rows(shop))
    assert set(together.encode(shop).columns) == {"Eastwood", "other"}
    apart = Neighbours(NeighboursSettings(fields=fields, min_items=1, apart=True))
    columns = apart.fit(shop, rows(shop)).encode(shop).columns
    assert set(columns) == {"by=Eastwood", "cast=Eastwood", "by=other"}


def test_pagerank_meets_where_nothing_is_shared() -> None:
    shop = films([["a"], ["a", "b"], ["b"], ["c"], ["c"]])
    settings = PageRankSettings(fields=("by",), min_items=1)
    X = l2_normalised(PageRank(settings).fit(shop, rows(shop)).encode(shop).matrix)
    close = dense(X @ X.T)
    assert close[0, 2] > 0.1
    assert close[0, 3] == 0


def test_pagerank_is_a_distribution_over_what_walks_visit() -> None:
    shop = two_studios()
    part = PageRank(PageRankSettings(fields=("by", "cast"), rarity=0, keep=1000))
    X = dense(part.fit(shop, rows(shop)).encode(shop).matrix)
    np.testing.assert_allclose(X.sum(axis=1), 1, rtol=1e-5)
    few = PageRank(PageRankSettings(fields=("by", "cast"), rarity=0, keep=4))
    assert (dense(few.fit(shop, rows(shop)).encode(shop).matrix) > 0).sum(axis=1).max() == 4


@pytest.mark.parametrize("part", [Walks, Translations])
def test_embeddings_of_one_studio_lie_together(part: type) -> None:
    shop = two_studios()
    made = part(part.Settings(fields=("by", "cast"), width=8)).fit(shop, rows(shop)).encode(shop)
    X = l2_normalised(dense(made.matrix) - dense(made.matrix).mean(axis=0))
    close = X @ X.T
    same = (np.arange(60)[:, None] - np.arange(60)) % 2 == 0
    np.fill_diagonal(close, np.nan)
    assert np.nanmean(close[same]) > np.nanmean(close[~same]) + 0.3


def test_translations_learn_which_entity_belongs_to_an_item() -> None:
    shop = two_studios()
    part = Translations(TranslationsSettings(fields=("by", "cast"), width=16, rarity=0))
    item = dense(part.fit(shop, rows(shop)).encode(shop).matrix)
    edges = part.entities_.edges(shop)
    led = item[edges.item] + part.relations_[edges.relation]
    wrong = np.random.default_rng(1).integers(0, len(part.entities_.nodes), len(edges.item))
    right_way = ((led - part.vectors_[edges.entity]) ** 2).sum(axis=1)
    wrong_way = ((led - part.vectors_[wrong]) ** 2).sum(axis=1)
    assert (right_way < wrong_way).mean() > 0.8


@pytest.mark.parametrize("part", EVERY)
def test_an_item_that_came_later_gets_the_row_of_one_with_the_same_entities(part: type) -> None:
    shop = two_studios()
    fitted = part(part.Settings(fields=("by", "cast"))).fit(shop, rows(shop))
    late = Catalogue(Vocabulary.of(["new", "unknown"]), shop.fields[[7, 7]])
    fields = late.fields.with_columns(
        cast=pl.Series([shop.fields["cast"][7].to_list(), ["nobody"]])
    )
    fields = fields.with_columns(by=pl.Series([shop.fields["by"][7].to_list(), None]))
    block = fitted.encode(Catalogue(late.items, fields))
    assert block.present.tolist() == [True, False]
    np.testing.assert_array_equal(dense(block.matrix)[0], dense(fitted.encode(shop).matrix)[7])


@pytest.mark.parametrize("part", EVERY)
def test_entities_of_other_items_alone_are_unknown(part: type) -> None:
    shop = films([["a"], ["a"], ["secret"], ["secret"]])
    fitted = part(part.Settings(fields=("by",))).fit(shop, np.array([0, 1], np.int32))
    assert fitted.entities_.nodes.ids == ("a",)
    assert fitted.encode(shop).present.tolist() == [True, True, False, False]


def test_the_largest_of_a_row_are_kept_the_first_ones_of_a_tie() -> None:
    from scipy import sparse

    X = sparse.csr_matrix(np.array([[1.0, 3.0, 3.0, 2.0], [0.0, 0.0, 1.0, 0.0]]))
    assert largest(X, 2).toarray().tolist() == [[0, 3, 3, 0], [0, 0, 1, 0]]
    assert largest(X, 1).toarray().tolist() == [[0, 3, 0, 0], [0, 0, 1, 0]]


@pytest.mark.parametrize("part", EVERY)
def test_what_cannot_be_read_is_refused(part: type) -> None:
    shop = films([["a"], ["b"]])
    with pytest.raises(BadRecipe, match='did you mean "by"'):
        part(part.Settings(fields=("bye",))).fit(shop, rows(shop))
    with pytest.raises(BadRecipe, match="lower min_items"):
        part(part.Settings(fields=("by",))).fit(shop, rows(shop))
    with pytest.raises(BadRecipe, match=r"weights\.cast"):
        part(part.Settings(fields=("by",), weights={"cast": 1.0})).fit(shop, rows(shop))
