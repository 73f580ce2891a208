import numpy as np
import pytest
from scipy import sparse

from palate.model.counted import Counted
from palate.model.item_knn import (
    ItemKnn,
    ItemKnnSettings,
    ItemKnnV2,
    ItemKnnV2Settings,
    cosines,
    similarities,
)
from palate.model.similarity import Thin
from palate.tables import Histories
from palate.testing.scorer import made_training

X = sparse.csr_matrix(np.array([[1, 1, 0], [1, 1, 1], [1, 0, 0], [1, 0, 1]], np.float32))


def test_cosines_by_hand() -> None:
    wanted = [[0, 2 / 8**0.5, 2 / 8**0.5], [2 / 8**0.5, 0, 1 / 2], [2 / 8**0.5, 1 / 2, 0]]
    np.testing.assert_allclose(cosines(X, 0).toarray(), wanted, rtol=1e-6)


def test_shrinkage_adds_to_the_denominator() -> None:
    np.testing.assert_allclose(cosines(X, 2)[1, 2], 1 / (2 + 2), rtol=1e-6)


def test_each_candidate_listens_to_its_nearest_items() -> None:
    training = made_training()
    B = ItemKnn(ItemKnnSettings(neighbours=3)).fit(training).similarity_
    assert isinstance(B, Counted)
    assert isinstance(B.B, Thin)
    S = cosines(training.log.matrix(), 0).toarray()
    columns = B.B.B.toarray()
    assert (columns > 0).sum(axis=0).max() == 3
    best = np.sort(S, axis=0)[-3:].sum(axis=0)
    np.testing.assert_allclose(columns.sum(axis=0), best, rtol=1e-5)


def test_version_2_by_hand() -> None:
    """a and b share two users, a has two, b three; nothing shrunk, all users alike."""
    X = sparse.csr_matrix(np.array([[1, 1, 0], [1, 1, 1], [0, 1, 1]], np.float32))
    plain = {"user_weights": "alike", "shrink": 0.0}
    cosine = similarities(X, ItemKnnV2Settings(alpha=0.7, **plain)).toarray()
    assert cosine[0, 1] == pytest.approx(2 / (2**0.7 * 3**0.3))
    assert cosine[1, 0] == pytest.approx(2 / (3**0.7 * 2**0.3))
    assert np.diagonal(cosine).tolist() == [0, 0, 0]
    jaccard = similarities(X, ItemKnnV2Settings(similarity="jaccard", **plain)).toarray()
    assert jaccard[0].tolist() == pytest.approx([0, 2 / 3, 1 / 3])
    shrunk = similarities(
        X, ItemKnnV2Settings(similarity="jaccard", user_weights="alike", shrink=3.0)
    )
    assert shrunk[0, 2] == pytest.approx(1 / 6)


def test_long_histories_say_less_and_the_weights_keep_their_mean() -> None:
    """a and b are together in a short history, a and c in a long one."""
    X = np.zeros((2, 12), np.float32)
    X[0, [0, 1]] = 1
    X[1, [0, *range(2, 12)]] = 1
    s = ItemKnnV2Settings(alpha=1.0, shrink=0.0)
    weighed = similarities(sparse.csr_matrix(X), s).toarray()
    assert weighed[0, 1] > 3 * weighed[0, 2]
    short, long = np.log1p(12 / 2) ** 2, np.log1p(12 / 11) ** 2
    assert weighed[0, 1] == pytest.approx(short / (short + long))


def test_with_alpha_a_half_and_no_extras_version_2_is_version_1() -> None:
    training = made_training()
    histories = Histories.of(training.log, np.arange(20, dtype=np.int32))
    same = ItemKnnV2Settings(alpha=0.5, user_weights="alike", shrink=0.0)
    np.testing.assert_allclose(
        ItemKnnV2(same).fit(training).score(histories),
        ItemKnn().fit(training).score(histories),
        rtol=1e-5,
    )
