"""The map's coordinates: whatever rows there are, a map or a sentence why there is none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from palate.errors import BadInput
from palate.explain import projection
from palate.explain.projection import project
from palate.seeding import generator


def rows(n: int, d: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


@pytest.mark.parametrize("d", [2, 3, 80])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_matrix], ids=["dense", "sparse"])
def test_every_row_has_a_finite_place(kind: object, d: int) -> None:
    X = rows(20, d)
    found = project(kind(X), 3)  # type: ignore[operator]
    assert found.shape == (20, 2)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert np.abs(found).max() <= 1
    assert np.array_equal(found, project(kind(X), 3))  # type: ignore[operator]


def test_near_rows_stay_near() -> None:
    X = np.repeat(np.eye(3, 8, dtype=np.float32), 12, axis=0) + 0.01 * rows(36, 8)
    found, group = project(X, 0), np.repeat(np.arange(3), 12)
    distance = np.linalg.norm(found[:, None] - found[None], axis=2)
    same = group[:, None] == group[None]
    assert distance[same].mean() < distance[~same].mean() / 2


@pytest.mark.parametrize(
    "X",
    [
        sparse.csr_matrix(np.tile(np.eye(2, dtype=np.float32), (10, 1))),  # one word of two
        np.ones((20, 4), np.float32),  # all alike
        np.zeros((20, 4), np.float32),
        rows(20, 1),  # by direction, one number is plus or minus
        np.repeat(rows(4, 6), 5, axis=0),
    ],
    ids=["two words", "equal", "zeros", "one column", "four kinds"],
)
def test_rows_that_hardly_differ_have_no_map(X: np.ndarray) -> None:
    with pytest.raises(BadInput, match="different sets of features"):
        project(X, 0)


@pytest.mark.parametrize("n", [0, 1, 4])
def test_few_rows_have_no_map(n: int) -> None:
    with pytest.raises(BadInput, match=f"{n} rows"):
        project(rows(n, 3), 0)


def test_of_many_rows_some_are_arranged_and_the_others_stand_by_their_neighbours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = generator(2, "many")
    kind = random.integers(0, 4, 400)
    X = (3 * np.eye(4, 20)[kind] + random.normal(0, 0.2, (400, 20))).astype(np.float32)
    monkeypatch.setattr(projection, "SAMPLE", 100)
    found = project(X, seed=1)
    assert found.shape == (400, 2)
    assert np.array_equal(found, project(X, seed=1))
    distance = np.linalg.norm(found[:, None] - found[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    assert np.mean(kind[distance.argmin(axis=1)] == kind) > 0.98
