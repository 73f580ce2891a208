"""Products by blocks of rows are those of scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from palate.arrays import Longs, Sparse
from palate.model import sparse_products
from palate.model.sparse_products import product


def made(n: int, d: int, density: float, seed: int) -> Sparse:
    random = np.random.default_rng(seed)
    there = random.random((n, d)) < density * random.random((n, 1))
    return sparse.csr_matrix(there * random.integers(1, 4, (n, d)), dtype=np.float64)


@pytest.mark.parametrize("full", [0.0, 0.3, np.inf])
@pytest.mark.parametrize("at_once", [1, 200, 10**6])
def test_blocks_and_ways_make_no_difference(
    monkeypatch: pytest.MonkeyPatch, full: float, at_once: int
) -> None:
    monkeypatch.setattr(sparse_products, "_FULL", full)
    monkeypatch.setattr(sparse_products, "_AT_ONCE", at_once)
    monkeypatch.setattr(sparse_products, "_CELLS", 100)
    A, B = made(60, 30, 0.4, 1), made(30, 45, 0.4, 2)
    assert np.array_equal(product(A, B).toarray(), (A @ B).toarray())


def test_what_is_made_of_a_block_goes_back_to_its_rows() -> None:
    A, B = made(60, 30, 0.4, 1), made(30, 45, 0.4, 2)

    def then(part: Sparse, rows: Longs) -> Sparse:
        return sparse.csr_matrix(sparse.diags(rows.astype(np.float64)) @ part)

    expected = np.arange(60)[:, None] * (A @ B).toarray()
    assert np.array_equal(product(A, B, then).toarray(), expected)


@pytest.mark.parametrize("shape", [(0, 4), (3, 0), (3, 4)])
def test_nothing_times_something_is_nothing(shape: tuple[int, int]) -> None:
    A = sparse.csr_matrix((shape[0], 5), dtype=np.float64)
    found = product(A, made(5, shape[1], 0.5, 3))
    assert found.shape == shape
    assert found.nnz == 0
