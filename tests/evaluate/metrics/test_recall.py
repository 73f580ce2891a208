"""recall@k, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from palate.evaluate.metrics.recall import Recall


@pytest.mark.parametrize(
    ("case", "k", "expected"),
    [
        ([1], 10, 1.0),
        ([11], 10, 0.0),
        ([10], 10, 1.0),
        ([10.5], 10, 0.0),
        ([1, 2, 30, 40], 10, 0.5),
        ([1, 2, 3], 2, 2 / 3),
        ([2, np.inf], 10, 0.5),
        ([np.inf], 10, 0.0),
        ([2, 2, 2], 2, 2 / 3),
        ([5], 1000, 1.0),
        ([], 10, np.nan),
    ],
)
def test_by_hand(places, case, k, expected) -> None:
    found = Recall(Recall.Settings(k)).per_case(places(case, of=50))
    np.testing.assert_allclose(found, [expected])


def test_label() -> None:
    assert Recall().label == "recall@10"
