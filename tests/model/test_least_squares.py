import numpy as np
import pytest
from scipy import sparse

from palate.model import least_squares
from palate.model.least_squares import solved
from palate.seeding import generator


@pytest.mark.parametrize("at_once", [1, 60, 4_000_000])
def test_each_row_is_solved_by_itself(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(least_squares, "NUMBERS_AT_ONCE", at_once)
    random = generator(0, "least squares")
    m, n, k = 40, 25, 4
    weights = np.where(
        random.random((m, n)) < random.random((m, 1)), random.random((m, n)), 0
    ).astype(np.float32)
    weights[7] = 0
    V, wanted = (random.normal(size=(rows, k)).astype(np.float32) for rows in (n, m))
    base = (0.1 * V.T @ V).astype(np.float32)
    ridge = (0.5 + random.random(m)).astype(np.float32)
    got = solved(sparse.csr_matrix(weights), V, base, ridge, wanted)
    for row in range(m):
        A = base + (V.T * weights[row]) @ V + ridge[row] * np.eye(k)
        np.testing.assert_allclose(got[row], np.linalg.solve(A, wanted[row]), rtol=2e-3, atol=1e-4)


def test_no_rows_are_no_rows() -> None:
    none = sparse.csr_matrix((0, 5), dtype=np.float32)
    V = np.ones((5, 3), np.float32)
    assert solved(
        none, V, V.T @ V, np.empty(0, np.float32), np.empty((0, 3), np.float32)
    ).shape == (0, 3)
