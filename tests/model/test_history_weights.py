import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from palate.arrays import Ragged
from palate.model.history_weights import ALL_ALIKE, HistoryWeights
from palate.tables import Histories


def histories(*rows: list[int]) -> Histories:
    return Histories.of_items(Ragged.of(rows))


def test_all_events_count_alike_by_default() -> None:
    assert ALL_ALIKE.weights(histories([4, 2], [], [1])).tolist() == [1, 1, 1]


def test_older_events_fade() -> None:
    weights = HistoryWeights(fade=2.0).weights(histories([4, 2, 9], [1]))
    np.testing.assert_allclose(weights, [np.exp(-1), np.exp(-0.5), 1, 1])


def test_only_the_last_events_count() -> None:
    assert HistoryWeights(last=2).weights(histories([4, 2, 9], [1])).tolist() == [0, 1, 1, 1]


def test_of_repeated_items_the_newest_event_counts() -> None:
    assert HistoryWeights().weights(histories([4, 2, 4], [4])).tolist() == [0, 1, 1, 1]


def test_repeated_items_may_add_up() -> None:
    query = HistoryWeights(fade=1.0, repeats="sum")
    assert np.isclose(query.matrix(histories([4, 4]), 5).toarray()[0, 4], 1 + np.exp(-1))


def test_the_matrix_stores_no_zeros() -> None:
    W = HistoryWeights(last=1).matrix(histories([0, 1, 2]), 3)
    assert W.nnz == 1
    assert W.dtype == np.float32


@given(st.lists(st.lists(st.integers(0, 6), max_size=8), max_size=5))
def test_each_item_of_a_history_counts_once(rows: list[list[int]]) -> None:
    weights = HistoryWeights().weights(histories(*rows))
    assert weights.sum() == sum(len(set(row)) for row in rows)
