"""hit@k, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from palate.evaluate.metrics.hit import Hit


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ([10], 1.0),
        ([10.5], 0.0),
        ([30, 7], 1.0),
        ([1, 2, 3], 1.0),
        ([np.inf, 11], 0.0),
        ([], np.nan),
    ],
)
def test_by_hand(places, case, expected) -> None:
    np.testing.assert_allclose(Hit().per_case(places(case, of=50)), [expected])
    assert Hit().label == "hit@10"
