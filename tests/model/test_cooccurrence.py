from dataclasses import replace

import numpy as np

from palate.arrays import Ragged
from palate.model.cooccurrence import Cooccurrence, CooccurrenceSettings, pair_counts
from palate.tables import Histories, Interactions, Vocabulary
from palate.testing.scorer import made_training


def log(*rows: list[int]) -> Interactions:
    items = Ragged.of(rows)
    user = items.row_of_value()
    users, names = Vocabulary.of(range(len(rows))), Vocabulary.of(range(5))
    return Interactions(users, names, user, items.values, np.ones(len(user), np.float32))


def test_pairs_by_hand() -> None:
    C = pair_counts(log([0, 1, 2], [0, 1]), window=2, gap_power=1.0, backward=0.5).toarray()
    wanted = np.zeros((5, 5))
    wanted[0, 1], wanted[1, 2], wanted[0, 2] = 2, 1, 1 / 2
    wanted += 0.5 * wanted.T
    np.testing.assert_allclose(C, wanted)


def test_the_window_ends_and_users_stay_apart() -> None:
    C = pair_counts(log([0, 1, 2], [3], [4]), window=1, gap_power=1.0, backward=0.0).toarray()
    assert np.argwhere(C).tolist() == [[0, 1], [1, 2]]


def test_an_item_is_no_neighbour_of_itself() -> None:
    assert pair_counts(log([0, 0, 0]), window=3, gap_power=1.0, backward=1.0).nnz == 0


def test_pairs_follow_time_not_the_file() -> None:
    turned = replace(log([0, 1]), time=np.array([9, 3], np.int64))
    assert pair_counts(turned, window=1, gap_power=1.0, backward=0.0).toarray()[1, 0] == 1


def test_popularity_divides() -> None:
    training = replace(made_training(), log=log([0, 1], [0, 2], [0, 2]))
    settings = CooccurrenceSettings(backward=0.0, source_power=0.5, target_power=1.0)
    scores = Cooccurrence(settings).fit(training).score(Histories.of_items(Ragged.of([[0]])))
    np.testing.assert_allclose(scores[0], [0, 1 / (4**0.5 * 2), 2 / (4**0.5 * 3), 0, 0], rtol=1e-6)


def test_neighbours_limit_the_candidates_of_an_item() -> None:
    training = made_training()
    model = Cooccurrence(CooccurrenceSettings(neighbours=2)).fit(training)
    scores = model.score(Histories.of_items(Ragged.of([[0]])))
    assert np.count_nonzero(scores) == 2


def test_a_log_of_one_event_has_no_pairs() -> None:
    assert pair_counts(log([3]), window=10, gap_power=1.0, backward=0.7).nnz == 0
