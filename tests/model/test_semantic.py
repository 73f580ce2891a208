import numpy as np
import pytest
from scipy import sparse

from palate.arrays import Floats, Matrix, dense
from palate.model.semantic import semantic
from palate.seeding import generator

N = 30


def content(d: int, thin: bool) -> Matrix:
    E = generator(2, "content", d).normal(size=(N, d)).astype(np.float32)
    E[3] = 0
    if not thin:
        return E
    return sparse.csr_matrix(np.where(E > 0.4, E, 0))


def by_hand(E: Floats, l2: float) -> np.ndarray:
    P = np.linalg.inv(E.astype(np.float64) @ E.T + l2 * np.eye(N))
    C = -P / np.diagonal(P)
    np.fill_diagonal(C, 0)
    return C


@pytest.mark.parametrize("d", [5, N, 70])
@pytest.mark.parametrize("thin", [False, True])
def test_the_two_factors_are_the_autoencoder_of_the_content(d: int, thin: bool) -> None:
    E = content(d, thin)
    found = semantic(E, 4.0)
    product = found.L @ dense(found.R).T
    np.testing.assert_allclose(np.diagonal(product), found.own, atol=1e-5)
    np.fill_diagonal(product, 0)
    np.testing.assert_allclose(product, by_hand(dense(E), 4.0), atol=1e-5)


@pytest.mark.parametrize("d", [5, 70])
def test_times_gives_the_product_and_its_diagonal(d: int) -> None:
    E = content(d, thin=False)
    found = semantic(E, 4.0)
    P = generator(3, "P").normal(size=(N, N)).astype(np.float32)
    P = P + P.T
    PL, along = found.times(P)
    np.testing.assert_allclose(PL, P @ found.L, rtol=1e-5)
    np.testing.assert_allclose(along, np.diagonal(P @ by_hand(dense(E), 4.0)), atol=1e-3)
