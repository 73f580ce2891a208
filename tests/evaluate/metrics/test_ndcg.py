"""ndcg@k, by hand and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from palate.arrays import Ragged
from palate.evaluate.metrics.ndcg import Ndcg
from palate.ranks import positions

TWO = 1 + 1 / np.log2(3)


@pytest.mark.parametrize(
    ("case", "k", "expected"),
    [
        ([1], 10, 1.0),
        ([2], 10, 1 / np.log2(3)),
        ([3], 10, 0.5),
        ([11], 10, 0.0),
        ([1, 3], 10, 1.5 / TWO),
        ([1, np.inf], 10, 1 / TWO),
        ([1, 2, 3], 1, 1.0),
        ([7], None, 1 / 3),
        ([1, 7], None, (1 + 1 / 3) / TWO),
        ([2, 2, 2], 2, 1.0),
        ([], 10, np.nan),
    ],
)
def test_by_hand(places, case, k, expected) -> None:
    np.testing.assert_allclose(Ndcg(Ndcg.Settings(k)).per_case(places(case)), [expected])


def test_agrees_with_scikit_learn_without_ties() -> None:
    random = np.random.default_rng(0)
    scores = random.permutation(20 * 30).reshape(20, 30).astype(np.float32)
    relevant = random.random((20, 30)) < 0.2
    relevant[:, 0] = True
    targets = Ragged.of([np.flatnonzero(row).astype(np.int32) for row in relevant])
    found = Ndcg().per_case(positions(scores, Ragged.of([[]] * 20), targets))
    assert found.mean() == pytest.approx(ndcg_score(relevant, scores, k=10))


def test_labels() -> None:
    assert Ndcg().label == "ndcg@10"
    assert Ndcg(Ndcg.Settings(None)).label == "ndcg"
