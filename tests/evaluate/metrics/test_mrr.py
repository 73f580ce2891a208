"""mrr@k, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from palate.evaluate.metrics.mrr import Mrr


@pytest.mark.parametrize(
    ("case", "k", "expected"),
    [
        ([1], 10, 1.0),
        ([4, 9], 10, 0.25),
        ([9, 4], 10, 0.25),
        ([11], 10, 0.0),
        ([20], None, 0.05),
        ([np.inf], None, 0.0),
        ([np.inf, 2], 10, 0.5),
        ([1.5, 1.5], 10, 2 / 3),
        ([], 10, np.nan),
    ],
)
def test_by_hand(places, case, k, expected) -> None:
    np.testing.assert_allclose(Mrr(Mrr.Settings(k)).per_case(places(case, of=50)), [expected])


def test_labels() -> None:
    assert [Mrr().label, Mrr(Mrr.Settings(None)).label] == ["mrr@10", "mrr"]
