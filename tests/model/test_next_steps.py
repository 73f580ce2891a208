import numpy as np

from palate.arrays import Doubles, Longs, Ragged
from palate.model.next_steps import next_steps
from palate.tables import Interactions, Vocabulary


def log(*rows: list[tuple[int, int]]) -> Interactions:
    items = Ragged.of([[item for item, _ in row] for row in rows])
    times = np.array([time for row in rows for _, time in row], np.int64)
    users, names = Vocabulary.of(range(len(rows))), Vocabulary.of(range(4))
    return Interactions(
        users, names, items.row_of_value(), items.values, np.ones(len(times), np.float32), times
    )


def weight(steps: Longs, seconds: Longs) -> Doubles:
    return np.asarray(1 / steps + seconds / 1000, np.float64)


LOG = log([(0, 10), (1, 30), (2, 90)], [(3, 5)], [(1, 7), (1, 8)])


def test_rows_by_hand() -> None:
    found = next_steps(LOG, 5, weight)
    wanted = [[1.02, 0, 0, 0], [0.58, 1.06, 0, 0], [0, 1.001, 0, 0]]
    np.testing.assert_allclose(found.sources.toarray(), wanted, rtol=1e-6)
    assert found.targets.tolist() == [1, 2, 1]
    assert found.times.tolist() == [30, 90, 8]


def test_the_window_ends() -> None:
    np.testing.assert_allclose(
        next_steps(LOG, 1, weight).sources.toarray()[1], [0, 1.06, 0, 0], rtol=1e-6
    )


def test_targets_stand_in_their_rows() -> None:
    T = next_steps(LOG, 5, weight).target_matrix(np.array([1.0, 2.0, 3.0]))
    assert T.toarray().tolist() == [[0, 1, 0, 0], [0, 0, 2, 0], [0, 3, 0, 0]]


def test_users_of_one_event_give_no_rows() -> None:
    found = next_steps(log([(0, 1)], [(2, 1)]), 5, weight)
    assert found.sources.shape == (0, 4)
    assert len(found.targets) == 0
    assert found.target_matrix(np.empty(0)).shape == (0, 4)
