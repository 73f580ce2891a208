"""map@k, by hand and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from palate.arrays import Ragged
from palate.evaluate.metrics.map import Map
from palate.ranks import positions


@pytest.mark.parametrize(
    ("case", "k", "expected"),
    [
        ([1], 10, 1.0),
        ([4], 10, 0.25),
        ([3, 1], 10, (1 + 2 / 3) / 2),
        ([1, 3, 30], 10, (1 + 2 / 3) / 3),
        ([1, 3, 30], 2, 0.5),
        ([1, 2, 3], 2, 1.0),
        ([1, np.inf], 10, 0.5),
        ([1.5, 1.5], 10, (1 / 1.5 + 1) / 2),
        ([30], None, 1 / 30),
        ([], 10, np.nan),
    ],
)
def test_by_hand(places, case, k, expected) -> None:
    np.testing.assert_allclose(Map(Map.Settings(k)).per_case(places(case, of=50)), [expected])


def test_without_k_it_is_the_average_precision() -> None:
    random = np.random.default_rng(1)
    scores = random.permutation(40).astype(np.float32)
    relevant = random.random(40) < 0.3
    target = np.flatnonzero(relevant).astype(np.int32)
    found = Map(Map.Settings(None)).per_case(
        positions(scores[None], Ragged.of([[]]), Ragged.of([target]))
    )
    assert found[0] == pytest.approx(average_precision_score(relevant, scores))


def test_labels() -> None:
    assert [Map().label, Map(Map.Settings(None)).label] == ["map@10", "map"]
