"""Candidates and their columns."""

from __future__ import annotations

import numpy as np
import pytest

from palate.arrays import Floats, Ragged
from palate.model.neural.features import CandidateFeatures
from palate.tables import Histories


class Fixed:
    """Gives every case the same scores."""

    uses_validation = False

    def __init__(self, scores: list[float]) -> None:
        self.scores = np.array(scores, np.float32)

    def score(self, histories: Histories) -> Floats:
        return np.tile(self.scores, (len(histories), 1))


CONTENT = np.array([[1, 0], [0, 1], [0.6, 0.8], [1, 0], [0, 0]], np.float32)
FEATURES = CandidateFeatures(
    {"a": Fixed([5, 4, 3, 2, 1]), "b": Fixed([0, 0, 0, 9, 8])},  # type: ignore[dict-item]
    {"text": CONTENT},
    np.array([9, 3, 1, 0, 0], np.float32),
    width=2,
)


def test_candidates_are_the_best_unseen_of_each_member_once() -> None:
    found = FEATURES.of(Histories.of_items(Ragged.of([[0], [], [3, 4]])))
    assert [sorted(i for i in row if i >= 0) for row in found.items.tolist()] == [[1, 2, 3, 4], [0, 1, 3, 4], [0, 1]]
    assert found.columns.shape == (3, 4, len(FEATURES.names()))


def test_columns_by_hand() -> None:
    found = FEATURES.of(Histories.of_items(Ragged.of([[1, 0]])))
    column = {name: number for number, name in enumerate(FEATURES.names())}
    place = found.items[0].tolist().index(2)
    told = {name: float(found.columns[0, place, number]) for name, number in column.items()}
    assert told["score.a"] == pytest.approx(0.0, abs=1e-6)
    assert told["place.a"] == pytest.approx(1 / np.log2(1 + 3))
    assert told["similarity.text"] == pytest.approx((0.8 + 0.6) / 2)
    assert told["nearest.text"] == pytest.approx(0.8)
    old = np.exp(-0.5)
    assert told["recent.text"] == pytest.approx((0.8 * old + 0.6) / (1 + old))
    assert told["popularity"] == pytest.approx(np.log(2))
    assert told["history"] == pytest.approx(np.log(3))


def test_an_empty_history_has_no_similarity() -> None:
    found = FEATURES.of(Histories.of_items(Ragged.of([[]])))
    names = FEATURES.names()
    assert not found.columns[0, :, [names.index("similarity.text"), names.index("recent.text")]].any()
