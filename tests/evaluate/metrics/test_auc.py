"""auc, by hand and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from palate.arrays import Ragged
from palate.evaluate.metrics.auc import Auc
from palate.ranks import positions


@pytest.mark.parametrize(
    ("case", "of", "expected"),
    [
        ([1], 11, 1.0),
        ([11], 11, 0.0),
        ([6], 11, 0.5),
        ([1, 2], 12, 1.0),
        ([1, 12], 12, 0.5),
        ([np.inf], 11, 0.0),
        ([1, np.inf], 11, 0.5),
        ([1], 1, np.nan),
        ([], 11, np.nan),
    ],
)
def test_by_hand(places, case, of, expected) -> None:
    np.testing.assert_allclose(Auc().per_case(places(case, of=of)), [expected])
    assert Auc().label == "auc"


def test_agrees_with_scikit_learn_with_ties() -> None:
    random = np.random.default_rng(2)
    for _ in range(20):
        scores = random.integers(0, 5, 30).astype(np.float32)
        relevant = random.random(30) < 0.3
        relevant[:2] = True, False
        target = np.flatnonzero(relevant).astype(np.int32)
        found = Auc().per_case(positions(scores[None], Ragged.of([[]]), Ragged.of([target])))
        assert found[0] == pytest.approx(roc_auc_score(relevant, scores))
