"""novelty@k, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from palate.evaluate.metrics.novelty import Novelty
from palate.tables import Interactions, Rankings, Vocabulary


@pytest.fixture
def train() -> Interactions:
    """Three users: all had item 0 (one of them twice), one had item 1, nobody item 2."""
    user, item = np.array([0, 1, 2, 0, 1], np.int32), np.array([0, 0, 0, 0, 1], np.int32)
    return Interactions(
        Vocabulary.of("uvwx"), Vocabulary.of("abc"), user, item, np.ones(5, np.float32)
    )


def lists(items: list[list[int]]) -> Rankings:
    array = np.array(items, np.int32)
    return Rankings(np.arange(len(array), dtype=np.int32), array, np.zeros(array.shape, np.float32))


def test_by_hand(train: Interactions) -> None:
    # (3 + 1) / (3 + 1), (1 + 1) / 4, (0 + 1) / 4 -> 0, 1 and 2 bits
    found = Novelty(Novelty.Settings(2)).per_case(lists([[0, 1], [2, 1], [2, -1], [-1, -1]]), train)
    np.testing.assert_allclose(found, [0.5, 1.5, 2.0, np.nan])


def test_only_the_first_k_count(train: Interactions) -> None:
    assert Novelty(Novelty.Settings(1)).per_case(lists([[2, 0]]), train).tolist() == [2.0]
    assert Novelty(Novelty.Settings(1)).label == "novelty@1"
