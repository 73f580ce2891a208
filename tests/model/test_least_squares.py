import numpy as np
import pytest
from scipy import sparse

from palate.model import least_squares
from palate.model.least_squares import Batches, Side
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
    X = Batches.of(sparse.csr_matrix(weights), k)
    got = Side.of(V, base).solved(X, ridge, wanted)
    for row in range(m):
        A = base + (V.T * weights[row]) @ V + ridge[row] * np.eye(k)
        np.testing.assert_allclose(got[row], np.linalg.solve(A, wanted[row]), rtol=2e-3, atol=1e-4)


def test_no_rows_are_no_rows() -> None:
    none = sparse.csr_matrix((0, 5), dtype=np.float32)
    V = np.ones((5, 3), np.float32)
    found = Side.of(V, V.T @ V).solved(Batches.of(none, 3), np.empty(0, np.float32))
    assert found.shape == (0, 3)


@pytest.mark.parametrize("few", [0, 6, 100])
def test_steps_from_nearby_come_near_the_exact_answer(
    monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """Rows of few and of many values; the last one has none."""
    monkeypatch.setattr(least_squares, "FEW", few)
    random = generator(1, "least squares")
    n, k = 300, 16
    there = random.random((60, n)) < np.r_[np.full(20, 0.02), np.full(39, 0.1), 0][:, None]
    X = sparse.csr_matrix(there.astype(np.float32))
    V = random.normal(size=(n, k)).astype(np.float32)
    side = Side.of(V, (0.02 * V.T @ V).astype(np.float32))
    batches, ridge = Batches.of(X, k), np.full(60, 2, np.float32)
    exact = side.solved(batches, ridge)
    away = exact + random.normal(0, 0.05, exact.shape).astype(np.float32)
    found = side.solved(batches, ridge, start=away)
    size = np.linalg.norm(away - exact)
    assert np.linalg.norm(found - exact) < 0.06 * size
    cold = side.solved(batches, ridge, start=np.zeros_like(exact))
    assert np.linalg.norm(cold - exact) < 0.06 * np.linalg.norm(exact)
    assert np.abs(found[59]).max() < 1e-3
    given = side.solved(batches, ridge, wanted=np.asarray(X @ V))
    np.testing.assert_allclose(given, exact, atol=1e-4)
