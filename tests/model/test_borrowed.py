from dataclasses import replace

import numpy as np
import pytest

from palate.arrays import Ragged, dense, l2_normalised
from palate.errors import BadRecipe
from palate.model.borrowed import Borrowed, BorrowedSettings, lenders
from palate.model.cooccurrence import Cooccurrence, CooccurrenceSettings
from palate.model.history_weights import ALL_ALIKE
from palate.tables import Block, FeatureTable, Histories, Interactions, Origin, Training, Vocabulary
from palate.testing.scorer import made_training

LENT = CooccurrenceSettings(target_power=0.7, query=ALL_ALIKE)


def plain_lenders(E: np.ndarray, touched: np.ndarray, k: int, power: float) -> np.ndarray:
    K = E @ E.T
    np.fill_diagonal(K, 0)
    K[:, ~touched] = 0
    T = np.zeros_like(K)
    for i, row in enumerate(K):
        best = np.argsort(-row, kind="stable")[:k]
        T[i, best] = np.maximum(row[best], 0) ** power
    return T / np.maximum(T.sum(axis=1, keepdims=True), 1e-30)


@pytest.mark.parametrize("block", ["text.words", "text.vectors"])
@pytest.mark.parametrize(("k", "power"), [(3, 2.0), (200, 0.5)])
def test_scores_are_the_lenders_scores_weighed_by_likeness(
    block: str, k: int, power: float
) -> None:
    training = made_training()
    E = dense(l2_normalised(training.features.blocks[block].matrix)).astype(np.float64)
    T = plain_lenders(E, training.log.item_counts() > 0, k, power)
    histories = Histories.of_items(Ragged.of([[8, 21], [5]]))
    lent = Cooccurrence(LENT).fit(training).score(histories)
    got = (
        Borrowed(BorrowedSettings(block=block, lenders=k, power=power))
        .fit(training)
        .score(histories)
    )
    np.testing.assert_allclose(got, lent @ T.T, atol=1e-5)


def test_items_that_nobody_touched_do_not_lend_and_shares_sum_to_one() -> None:
    E = np.array([[1, 0], [0.8, 0.6], [0.6, 0.8], [0, 0], [-1, 0]], np.float32)
    T = lenders(E, np.array([True, False, True, True, True]), 2, 1.0).toarray()
    assert not T[:, 1].any()
    assert not np.diagonal(T).any()
    np.testing.assert_allclose(T[1], [0.8 / 1.76, 0, 0.96 / 1.76, 0, 0], atol=1e-6)
    np.testing.assert_allclose(T.sum(axis=1), [1, 1, 1, 0, 0], atol=1e-6)


def shop() -> Training:
    """Shampoos (0-2) are bought with conditioners (3-5), soaps (6, 7) with towels (8, 9); 5 is
    new.
    """
    pairs = [(0, 3), (1, 4), (2, 3), (0, 4), (6, 8), (7, 9), (6, 9)]
    user = np.repeat(np.arange(len(pairs)), 2).astype(np.int32)
    item = np.array(pairs, np.int32).ravel()
    items = Vocabulary.of(range(10))
    log = Interactions(
        Vocabulary.of(range(len(pairs))), items, user, item, np.ones(len(item), np.float32)
    )
    kind = np.repeat(np.eye(4), [3, 3, 2, 2], axis=0).astype(np.float32)
    block = Block("kind", kind, np.ones(10, np.bool_), Origin("made"))
    return replace(made_training(), log=log, features=FeatureTable(items, {"kind": block}))


def test_a_new_item_is_offered_to_those_who_have_what_goes_with_its_kind() -> None:
    scores = Borrowed().fit(shop()).score(Histories.of_items(Ragged.of([[1], [7]])))
    assert scores[0, 5] > 0
    assert scores[0, 5] > scores[0, [0, 2, 6, 8]].max()
    assert scores[1, 5] == 0


def test_neighbours_keep_the_strongest() -> None:
    whole = (
        Borrowed()
        .fit(shop())
        .similarity_.pairs(np.full(10, 1, np.int32), np.arange(10, dtype=np.int32))
    )
    few = Borrowed(BorrowedSettings(neighbours=1)).fit(shop())
    kept = few.similarity_.pairs(np.full(10, 1, np.int32), np.arange(10, dtype=np.int32))
    assert np.count_nonzero(kept) == 1
    assert kept.max() == whole.max()


def test_a_block_that_is_not_there_is_named() -> None:
    with pytest.raises(BadRecipe, match="words"):
        Borrowed(BorrowedSettings(block="words")).fit(shop())
