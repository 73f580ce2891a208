import numpy as np
import pytest
from scipy import sparse

from palate.errors import Refused
from palate.model import gram as module
from palate.model.gram import check_memory, gram, inverted
from palate.seeding import generator


@pytest.mark.parametrize("cost", [1e-9, 1e9])
def test_both_products_are_the_gram_matrix(monkeypatch: pytest.MonkeyPatch, cost: float) -> None:
    monkeypatch.setattr(module, "DENSE_FLOPS_PER_SPARSE", cost)
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 7)
    X = (generator(0, "gram").random((40, 9)) < 0.3).astype(np.float32)
    assert np.array_equal(gram(sparse.csr_matrix(X)), X.T @ X)


@pytest.mark.parametrize("n", [1, 5, 2_100])
def test_the_inverse_is_one_and_symmetric(n: int) -> None:
    A = generator(0, "inverse").normal(size=(n, 30)).astype(np.float32)
    G = A @ A.T + 20 * np.eye(n, dtype=np.float32)
    P = inverted(G.copy(), "")
    assert P.dtype == np.float32
    assert np.array_equal(P, P.T)
    probe = generator(0, "probe").normal(size=(n, 3)).astype(np.float32)
    np.testing.assert_allclose(G @ (P @ probe), probe, atol=2e-3)


def test_a_matrix_that_is_not_positive_definite_is_refused() -> None:
    with pytest.raises(Refused, match="raise l2"):
        inverted(np.array([[1, 2], [2, 1]], np.float32), "raise l2")


def test_more_than_the_memory_is_refused_with_the_largest_number_that_fits() -> None:
    check_memory(16_384, 2, 2.0)
    with pytest.raises(Refused, match="enough for 16384 items"):
        check_memory(16_385, 2, 2.0)
