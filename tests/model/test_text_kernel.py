from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from palate import store
from palate.arrays import Ragged, dense, l2_normalised
from palate.errors import BadInput, BadRecipe
from palate.model import text_kernel
from palate.model.history_weights import ALL_ALIKE
from palate.model.restored import restored
from palate.model.similarity import Both, Factored, Thin, Whole
from palate.model.text_kernel import (
    TextKernel,
    TextKernelSettings,
    TextKernelV2Settings,
    by_fullness,
    nearest_rows,
)
from palate.tables import (
    Block,
    Cases,
    FeatureTable,
    Histories,
    Interactions,
    Origin,
    Training,
    Vocabulary,
)
from palate.testing.scorer import made_training

HISTORY = Histories.of_items(Ragged.of([[8, 21]]))


def cosines(training: Training, block: str) -> np.ndarray:
    E = dense(l2_normalised(training.features.blocks[block].matrix))
    K = E @ E.T
    np.fill_diagonal(K, 0)
    return K


@pytest.mark.parametrize("block", ["text.words", "text.vectors"])
def test_scores_are_weighed_cosines(block: str) -> None:
    training = made_training()
    K = cosines(training, block)
    got = TextKernel(TextKernelSettings(block=block)).fit(training).score(HISTORY)[0]
    np.testing.assert_allclose(got, np.exp(-0.5) * K[8] + K[21], atol=1e-5)


def test_items_of_the_same_kind_come_first_and_items_without_content_score_nought() -> None:
    scores = TextKernel().fit(made_training()).score(HISTORY)[0]
    assert set(np.argsort(-scores)[:6].tolist()) == {9, 10, 11, 20, 22, 23}
    assert scores[-1] == 0


def test_sparse_pairs_are_written_out_only_while_they_are_few(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    training = made_training()
    few = TextKernel().fit(training)
    assert isinstance(few.similarity_, Thin)
    monkeypatch.setattr(text_kernel, "DENSEST", 0.0)
    many = TextKernel().fit(training)
    assert isinstance(many.similarity_, Whole)
    monkeypatch.setattr(text_kernel, "MOST_WHOLE", 10)
    large = TextKernel().fit(training)
    assert isinstance(large.similarity_, Factored)
    monkeypatch.setattr(text_kernel, "MOST_PRODUCTS", 10)
    huge = TextKernel().fit(training)
    assert isinstance(huge.similarity_, Factored)
    for other in (many, large, huge):
        np.testing.assert_allclose(few.score(HISTORY), other.score(HISTORY), atol=1e-6)


@pytest.mark.parametrize("block", ["text.words", "text.vectors"])
def test_neighbours_are_the_most_similar_items(block: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_kernel, "ROWS_AT_ONCE", 33)
    training = made_training()
    K = cosines(training, block)
    near = nearest_rows(l2_normalised(training.features.blocks[block].matrix), 3).toarray()
    assert (np.count_nonzero(near, axis=1) <= 3).all()
    assert not np.diagonal(near).any()
    wanted = np.sort(K, axis=1)[:, -3:].sum(axis=1)
    np.testing.assert_allclose(near.sum(axis=1), wanted, atol=1e-5)


def test_more_neighbours_than_items_are_all() -> None:
    training = made_training()
    model = TextKernel(TextKernelSettings(block="text.vectors", neighbours=500)).fit(training)
    whole = TextKernel(TextKernelSettings(block="text.vectors")).fit(training)
    np.testing.assert_allclose(model.score(HISTORY), whole.score(HISTORY), atol=1e-5)


def test_an_unknown_block_names_the_nearest() -> None:
    with pytest.raises(BadRecipe, match=r'did you mean "text\.words"'):
        TextKernel(TextKernelSettings(block="text.word")).fit(made_training())


def test_without_blocks_it_says_what_to_add() -> None:
    training = made_training()
    with pytest.raises(BadRecipe, match="needs a block"):
        TextKernel().fit(replace(training, features=FeatureTable(training.log.items)))


@pytest.mark.parametrize("thin", [True, False])
def test_numbers_that_are_not_finite_are_refused(thin: bool) -> None:
    training = made_training()
    good = training.features.blocks["text.vectors"]
    matrix = good.matrix.copy()
    matrix[2, 1] = np.nan
    bad = Block("bad", sparse.csr_matrix(matrix) if thin else matrix, good.present, good.origin)
    with pytest.raises(BadInput, match=r"blocks\.bad: 1 numbers"):
        TextKernel(TextKernelSettings(block="bad")).fit(
            replace(training, features=training.features.replaced(bad))
        )


def words_beside_vectors(n: int = 60) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Rows of length one, sparse, of 200 columns that few items have and 5 that all have; and the
    same dense.
    """
    random = np.random.default_rng(0)
    words = (random.random((n, 200)) < 0.02) * random.random((n, 200))
    X = np.hstack([words, random.normal(size=(n, 5))]).astype(np.float32)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    return sparse.csr_matrix(X), X


def test_words_beside_vectors_are_multiplied_apart() -> None:
    E, X = words_beside_vectors()
    thin, full = by_fullness(E)
    assert (thin.shape[1], full.shape[1]) == (200, 5)
    assert np.allclose(dense(thin @ thin.T) + full @ full.T, X @ X.T, atol=1e-6)
    K = X @ X.T
    np.fill_diagonal(K, -1)
    near = nearest_rows(E, 3).toarray()
    assert (np.argsort(-K, axis=1)[:, :1] == near.argmax(axis=1)[:, None]).all()
    assert ((near != 0).sum(axis=1) == 3).all()


def test_a_kernel_of_both_is_that_of_the_whole_and_is_stored(tmp_path: Path) -> None:
    E, X = words_beside_vectors()
    n = len(X)
    items = Vocabulary.of(f"i{i}" for i in range(n))
    log = Interactions(
        Vocabulary.of("u"),
        items,
        np.zeros(2, np.int32),
        np.arange(2, dtype=np.int32),
        np.ones(2, np.float32),
    )
    block = Block("both", E, np.ones(n, bool), Origin("made"))
    none = Histories.of(log, np.zeros(1, np.int32))
    cases = Cases(none, none.items, Ragged.of([[3]])).take(np.empty(0, np.int64))
    found = TextKernel().learn(Training(log, FeatureTable(items, {"both": block}), cases))
    assert isinstance(found, Both)
    K = X @ X.T
    np.fill_diagonal(K, 0)
    W = sparse.csr_matrix(np.eye(n, dtype=np.float32)[[2, 5]])
    store.write(tmp_path / "kernel", found.arrays(), {})
    stored = store.read(tmp_path / "kernel")
    assert stored is not None
    again = restored(stored.arrays)
    for similarity in (found, again):
        assert similarity.n_items == n
        assert np.allclose(similarity.spread(W), K[[2, 5]], atol=1e-5)
        pairs = np.array([1, 4], np.int32), np.array([9, 4], np.int32)
        assert np.allclose(similarity.pairs(*pairs), K[pairs], atol=1e-5)


def test_version_2_differs_in_the_query_alone() -> None:
    first, second = TextKernelSettings(), TextKernelV2Settings()
    assert second.query == ALL_ALIKE
    assert replace(second, query=first.query) == TextKernelV2Settings(query=first.query)
    assert (second.block, second.neighbours) == (first.block, first.neighbours)
