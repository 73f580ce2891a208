"""Scores of some items are those of all, for every form of an item-item matrix."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from palate.arrays import Rows, Sparse
from palate.model.partial_scores import largest, largest_of_columns
from palate.model.similarity import Both, Factored, Lending, Padded, Placed, Similarity, Thin, Whole

N = 40


def made(density: float, shape: tuple[int, int] = (N, N)) -> Sparse:
    rng = np.random.default_rng(3)
    return sparse.csr_matrix(
        sparse.random(*shape, density, "csr", np.float32, random_state=rng, data_rvs=rng.random)
    )


def forms() -> dict[str, Similarity]:
    thin, full = Thin(made(0.1)), made(0.9, (N, 6)).toarray()
    words = made(0.2, (N, 12))
    small = Thin(made(0.3, (N - 5, N - 5)))
    rows = np.arange(2, N - 3, dtype=np.int32)
    return {
        "whole": Whole(made(0.5).toarray()),
        "thin": thin,
        "words": Factored(words, words),
        "vectors": Factored(full, full),
        "both": Both(thin, Factored(full, full)),
        "padded": Padded(small, N),
        "placed": Placed(small, rows, N),
        "lending": Lending(made(0.2), made(0.1)),
    }


@pytest.mark.parametrize("form", list(forms()))
def test_single_scores_are_those_of_all(form: str) -> None:
    similarity, W = forms()[form], made(0.1, (7, N))
    scores, partly = similarity.spread(W), similarity.partly(W)
    case, item = np.divmod(np.arange(7 * N, dtype=np.int32), np.int32(N))
    found = partly.of(case, item)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.reshape(7, N), scores, rtol=1e-5, atol=1e-6)
    none: Rows = np.empty(0, np.int32)
    assert partly.of(none, none).shape == (0,)


@pytest.mark.parametrize("form", list(forms()))
@pytest.mark.parametrize("weighed", [False, True])
def test_the_best_are_promising(form: str, weighed: bool) -> None:
    similarity, W = forms()[form], made(0.1, (7, N))
    factor = np.linspace(0, 2, N, dtype=np.float32) if weighed else None
    scores = similarity.spread(W) * (1 if factor is None else factor)
    promising = similarity.partly(W).promising(N, factor)
    for row, line in enumerate(scores):
        # of words those are passed over that say next to nothing
        worth = 0.1 * line.max() if form == "words" else 1e-6
        assert set(np.flatnonzero(line > worth)) <= set(promising[row].tolist())
        assert (np.diff(promising[row]) > 0).all()


def test_few_are_promising_where_few_are_asked_for() -> None:
    similarity, W = forms()["thin"], made(0.1, (7, N))
    scores = similarity.spread(W)
    promising = similarity.partly(W).promising(3)
    for row, line in enumerate(scores):
        best = np.argsort(-line, kind="stable")[:3]
        assert set(promising[row].tolist()) == {int(i) for i in best if line[i] > 0}


def test_the_largest_numbers_of_columns() -> None:
    X = made(0.5, (N, 6))
    few = largest_of_columns(X, 4).toarray()
    for column in range(6):
        values = X.toarray()[:, column]
        kept = np.argsort(-values, kind="stable")[:4]
        expected = np.where(np.isin(np.arange(N), kept), values, 0)
        np.testing.assert_array_equal(few[column], expected)


def test_the_largest_are_above_nought() -> None:
    items, values = np.array([5, 3, 8], np.int32), np.array([0.0, 2.0, -1.0], np.float32)
    assert largest(items, values, 2).tolist() == [3]
    assert largest(items, values, 9).tolist() == [3]
