import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from palate.arrays import Floats
from palate.model.restored import restored
from palate.model.similarity import Factored, Similarity, Thin, Whole
from palate.model.strongest import strongest
from palate.seeding import generator

N, D = 12, 4


def random(*shape: int) -> Floats:
    return generator(1, "similarity", *shape).normal(size=shape).astype(np.float32)


def kinds() -> dict[str, tuple[Similarity, Floats]]:
    B = random(N, N)
    L, R = random(N, D), random(N, D) ** 2
    thin = np.where(np.abs(B) > 1, B, 0).astype(np.float32)
    product = L @ R.T
    np.fill_diagonal(product, 0)
    own = L @ L.T
    np.fill_diagonal(own, 0)
    rare = np.where(np.abs(L) > 1, L, 0).astype(np.float32)
    words = rare @ rare.T
    np.fill_diagonal(words, 0)
    csr = sparse.csr_matrix(rare)
    return {
        "whole": (Whole(B), B),
        "thin": (Thin(sparse.csr_matrix(thin)), thin),
        "two factors": (Factored(L, R), product),
        "one factor": (Factored(L, L), own),
        "words": (Factored(csr, csr), words),
    }


@pytest.mark.parametrize("kind", kinds())
def test_spread_is_the_product_with_the_matrix(kind: str) -> None:
    similarity, B = kinds()[kind]
    W = np.where(random(5, N) > 0.5, random(5, N), 0).astype(np.float32)
    assert similarity.n_items == N
    np.testing.assert_allclose(similarity.spread(sparse.csr_matrix(W)), W @ B, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", kinds())
def test_pairs_are_entries_of_the_matrix(kind: str) -> None:
    similarity, B = kinds()[kind]
    source, target = (a.ravel().astype(np.int32) for a in np.indices((N, N)))
    got = similarity.pairs(source, target)
    assert got.dtype == np.float64
    np.testing.assert_allclose(got.reshape(N, N), B, rtol=1e-5, atol=1e-6)
    assert similarity.pairs(source[:0], target[:0]).shape == (0,)


@pytest.mark.parametrize("kind", kinds())
def test_restored_it_is_the_same(kind: str) -> None:
    similarity, _ = kinds()[kind]
    again = restored(similarity.arrays())
    assert type(again) is type(similarity)
    W = sparse.csr_matrix(random(3, N))
    assert again.spread(W).tobytes() == similarity.spread(W).tobytes()


@pytest.mark.parametrize("kind", kinds())
def test_cases_without_weights_get_nought(kind: str) -> None:
    similarity, _ = kinds()[kind]
    assert (
        similarity.spread(sparse.csr_matrix((2, N), dtype=np.float32)).tolist() == [[0.0] * N] * 2
    )


def test_one_factor_is_stored_once() -> None:
    assert set(kinds()["one factor"][0].arrays()) == {"L"}


def test_strongest_keeps_the_largest_of_each_row_and_settles_ties_by_column() -> None:
    B = sparse.csr_matrix(
        np.array([[1.0, 5.0, 5.0, 5.0], [0.0, 0.0, 2.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    )
    assert strongest(B, 2).toarray().tolist() == [[0, 5, 5, 0], [0, 0, 2, 0], [0, 0, 0, 0]]
    assert B.nnz == 5


@given(st.data())
def test_strongest_is_the_same_as_sorting_each_row(data: st.DataObject) -> None:
    """Ties, negative numbers, kept zeros and columns in no order."""
    n, m, k = (data.draw(st.integers(1, most)) for most in (6, 14, 9))
    rows = [data.draw(st.permutations(range(m)))[: data.draw(st.integers(0, m))] for _ in range(n)]
    columns = np.array([c for row in rows for c in row], np.int32)
    values = data.draw(st.lists(st.integers(-2, 3), min_size=len(columns), max_size=len(columns)))
    ends = np.cumsum([0, *(len(row) for row in rows)])
    B = sparse.csr_matrix((np.array(values, np.float32), columns, ends), shape=(n, m))
    expected = np.zeros((n, m), np.float32)
    for row in range(n):
        part = slice(ends[row], ends[row + 1])
        best = np.lexsort((columns[part], -B.data[part]))[:k]
        expected[row, columns[part][best]] = B.data[part][best]
    before = B.copy()
    found = strongest(B, k)
    assert np.array_equal(found.toarray(), expected)
    assert found.nnz == np.count_nonzero(expected)
    assert np.array_equal(B.indices, before.indices)
