import numpy as np
from scipy import sparse

from palate.model.item_knn import ItemKnn, ItemKnnSettings, cosines
from palate.model.similarity import Thin
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
    assert isinstance(B, Thin)
    S = cosines(training.log.matrix(), 0).toarray()
    columns = B.B.toarray()
    assert (columns > 0).sum(axis=0).max() == 3
    best = np.sort(S, axis=0)[-3:].sum(axis=0)
    np.testing.assert_allclose(columns.sum(axis=0), best, rtol=1e-5)
