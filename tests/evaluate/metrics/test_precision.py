"""precision@k, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from palate.evaluate.metrics.precision import Precision


@pytest.mark.parametrize(
    ("case", "k", "expected"),
    [
        ([1], 10, 0.1),
        ([1, 2, 30], 4, 0.5),
        ([1, 2, 3], 2, 1.0),
        ([2, 2, 2], 2, 1.0),
        ([np.inf], 5, 0.0),
        ([2], 100, 0.01),
        ([], 10, np.nan),
    ],
)
def test_by_hand(places, case, k, expected) -> None:
    np.testing.assert_allclose(Precision(Precision.Settings(k)).per_case(places(case)), [expected])


def test_label() -> None:
    assert Precision(Precision.Settings(5)).label == "precision@5"
