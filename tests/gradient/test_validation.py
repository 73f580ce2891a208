"""NDCG of the validation cases."""

from __future__ import annotations

import numpy as np
import pytest

from palate.arrays import Floats, Ragged
from palate.gradient.validation import ndcg_of, some_cases
from palate.tables import Cases, Histories


def cases(n: int) -> Cases:
    histories = Histories.of_items(Ragged.of([[i % 3] for i in range(n)]))
    return Cases(
        histories,
        Ragged.of([[i % 3] for i in range(n)]),
        Ragged.of([[3 + i % 2] for i in range(n)]),
    )


def test_the_mean_over_all_chunks() -> None:
    def score(histories: Histories) -> Floats:
        # Item 3 always comes first, item 4 second.
        return np.tile(np.array([0, 0, 0, 9, 8], np.float32), (len(histories), 1))

    expected = (1 + 1 / np.log2(3)) / 2
    assert ndcg_of(score, cases(10), chunk=3) == pytest.approx(expected)


def test_no_cases_no_number() -> None:
    assert np.isnan(ndcg_of(lambda _: np.zeros((0, 5), np.float32), cases(0)))


def test_some_cases_are_drawn_once_and_for_all() -> None:
    few = some_cases(cases(100), 10, seed=3)
    assert len(few) == 10
    assert few.targets.values.tolist() == some_cases(cases(100), 10, seed=3).targets.values.tolist()
    assert len(some_cases(cases(5), 10, seed=3)) == 5
