"""graded_ndcg@k, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from palate.errors import BadInput
from palate.evaluate.metrics.graded_ndcg import GradedNdcg, GradedNdcgSettings
from palate.evaluate.metrics.ndcg import NdcgV2

TWO = 1 / np.log2(3)


@pytest.mark.parametrize(
    ("place", "value", "k", "gain", "expected"),
    [
        ([1, 2], [3, 1], 10, "exponential", 1.0),
        ([2, 1], [3, 1], 10, "exponential", (1 + 7 * TWO) / (7 + TWO)),
        ([2, 1], [3, 1], 10, "linear", (1 + 3 * TWO) / (3 + TWO)),
        ([2, 1], [3, 1], 1, "linear", 1 / 3),
        ([1, np.inf], [3, 1], 10, "linear", 3 / (3 + TWO)),
        ([1, 2], [2, 0], 10, "linear", 1.0),
        ([1, 2], [-1, 2], None, "linear", TWO),
        ([1], [0], 10, "exponential", np.nan),
        ([], [], 10, "exponential", np.nan),
    ],
)
def test_by_hand(places, place, value, k, gain, expected) -> None:
    ranks = replace(places(place), value=np.array(value, np.float64))
    found = GradedNdcg(GradedNdcgSettings(k, gain)).per_case(ranks)
    np.testing.assert_allclose(found, [expected])


def test_equal_values_are_ndcg(places) -> None:
    ranks = places([1, 3], [2, 9, 4], [np.inf])
    graded = replace(ranks, value=np.full(6, 4.0))
    np.testing.assert_allclose(GradedNdcg().per_case(graded), NdcgV2().per_case(ranks))


def test_targets_without_values_are_refused(places) -> None:
    with pytest.raises(BadInput, match="without values"):
        GradedNdcg().per_case(places([1]))
