"""Controls keep the form of a block and nothing of its meaning."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from palate.arrays import dense
from palate.evaluate.controls import permuted, random_like
from palate.tables import Block, Origin


def block(kind: str) -> Block:
    random = np.random.default_rng(5)
    X = random.standard_normal((200, 30)).astype(np.float32) * random.uniform(
        0.5, 3, (200, 1)
    ).astype(np.float32)
    X[random.random((200, 30)) < 0.7] = 0
    present = np.arange(200) % 10 != 0
    X[~present] = 0
    names = tuple(f"word {j}" for j in range(30))
    return Block(
        "text.x",
        X if kind == "dense" else sparse.csr_matrix(X),
        present,
        Origin("text.x.v1"),
        names,
        3.0,
    )


@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_permuted_deals_the_same_rows_to_others(kind: str) -> None:
    before, after = block(kind), permuted(block(kind), 1)
    X, Y = dense(before.matrix), dense(after.matrix)
    assert sorted(map(tuple, X)) == sorted(map(tuple, Y))
    assert sparse.issparse(after.matrix) == (kind == "sparse")
    assert not Y[~before.present].any()
    assert np.array_equal(after.present, before.present)
    stay = np.mean(
        [np.array_equal(x, y) for x, y in zip(X[before.present], Y[before.present], strict=True)]
    )
    assert stay < 0.05
    assert (after.name, after.columns, after.seconds) == ("text.x~permuted", before.columns, 0.0)


def test_random_like_keeps_lengths_of_dense_rows() -> None:
    before, after = block("dense"), random_like(block("dense"), 1)
    np.testing.assert_allclose(
        np.linalg.norm(after.matrix, axis=1), np.linalg.norm(before.matrix, axis=1), rtol=1e-5
    )
    assert after.matrix.dtype == np.float32
    cosine = np.sum(dense(before.matrix) * dense(after.matrix), axis=1) / np.maximum(
        np.sum(dense(before.matrix) ** 2, axis=1), 1e-9
    )
    assert abs(cosine.mean()) < 0.06
    assert after.name == "text.x~random"


def test_random_like_keeps_values_of_sparse_rows_in_other_columns() -> None:
    before, after = block("sparse").matrix, random_like(block("sparse"), 1).matrix
    assert np.array_equal(before.indptr, after.indptr)
    assert np.array_equal(before.data, after.data)
    assert not np.array_equal(before.indices, after.indices)
    for row in range(200):
        columns = after.indices[after.indptr[row] : after.indptr[row + 1]]
        assert len(set(columns)) == len(columns)
    assert np.bincount(after.indices, minlength=30).min() > 20


@pytest.mark.parametrize("kind", ["dense", "sparse"])
@pytest.mark.parametrize("control", [permuted, random_like])
def test_seeds_and_names_decide(kind: str, control) -> None:
    one, same, other = control(block(kind), 1), control(block(kind), 1), control(block(kind), 2)
    assert np.array_equal(dense(one.matrix), dense(same.matrix))
    assert not np.array_equal(dense(one.matrix), dense(other.matrix))
    assert one.origin.key() == same.origin.key()
    assert len({one.origin.key(), other.origin.key(), block(kind).origin.key()}) == 3


def test_an_empty_block() -> None:
    nothing = Block("x", np.zeros((3, 0), np.float32), np.zeros(3, np.bool_), Origin("x.v1"))
    assert random_like(nothing, 0).matrix.shape == permuted(nothing, 0).matrix.shape == (3, 0)
