from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from palate.arrays import Ragged, dense, l2_normalised
from palate.errors import BadInput, BadRecipe
from palate.model import text_kernel
from palate.model.similarity import Factored, Thin
from palate.model.text_kernel import TextKernel, TextKernelSettings, nearest_rows
from palate.tables import Block, FeatureTable, Histories, Training
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


def test_sparse_pairs_are_written_out_only_while_they_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    training = made_training()
    few = TextKernel().fit(training)
    assert isinstance(few.similarity_, Thin)
    monkeypatch.setattr(text_kernel, "DENSEST", 0.0)
    many = TextKernel().fit(training)
    assert isinstance(many.similarity_, Factored)
    np.testing.assert_allclose(few.score(HISTORY), many.score(HISTORY), atol=1e-6)


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
        TextKernel().fit(replace(training, features=FeatureTable(training.interactions.items)))


@pytest.mark.parametrize("thin", [True, False])
def test_numbers_that_are_not_finite_are_refused(thin: bool) -> None:
    training = made_training()
    good = training.features.blocks["text.vectors"]
    matrix = good.matrix.copy()
    matrix[2, 1] = np.nan
    bad = Block("bad", sparse.csr_matrix(matrix) if thin else matrix, good.present, good.origin)
    with pytest.raises(BadInput, match=r"blocks\.bad: 1 numbers"):
        TextKernel(TextKernelSettings(block="bad")).fit(replace(training, features=training.features.replaced(bad)))
