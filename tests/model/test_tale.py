from dataclasses import replace

import numpy as np
import pytest

from palate.model.recent_window import DAY
from palate.model.similarity import Whole
from palate.model.tale import Tale, TaleSettings, nearness, popularity_around
from palate.tables import Histories, Interactions, Training, Vocabulary
from palate.testing.scorer import made_training

TRAINING = made_training()
UNTIMED = replace(TRAINING, log=replace(TRAINING.log, time=None))


def test_nearness_by_hand() -> None:
    steps, seconds = np.array([1, 2, 3]), np.array([0, 2 * DAY, 100 * DAY])
    np.testing.assert_allclose(nearness(2.0, 0.1, True)(steps, seconds), [1, np.exp(-1), 0.1])
    np.testing.assert_allclose(
        nearness(2.0, 0.3, False)(steps, seconds), [np.exp(-0.5), np.exp(-1), 0.3]
    )


def test_popularity_around_by_hand() -> None:
    users, items = Vocabulary.of("u"), Vocabulary.of("ab")
    item, time = np.array([0, 0, 0, 1], np.int32), np.array([0, 50, 100, 55], np.int64)
    log = Interactions(users, items, np.zeros(4, np.int32), item, np.ones(4, np.float32), time)
    asked, when = np.array([0, 0, 0, 1, 1], np.int32), np.array([0, 50, 49, 0, 55], np.int64)
    assert popularity_around(log, asked, when, 100).tolist() == [2, 3, 2, 1, 1]
    assert popularity_around(replace(log, time=None), asked, when, 100).tolist() == [3, 3, 3, 1, 1]


@pytest.mark.parametrize("training", [TRAINING, UNTIMED], ids=["timed", "untimed"])
def test_it_solves_its_normal_equations(training: Training) -> None:
    s = TaleSettings(l2=15.0, days=0.01, floor=0.2, popularity_power=-0.3, popularity_days=0.1)
    log = training.log
    histories = Histories.of(log, np.arange(log.n_users, dtype=np.int32))
    S, T = [], []
    for user in range(log.n_users):
        part = histories.take(np.array([user]))
        items, times = part.items.values, part.times
        for j in range(1, len(items)):
            if times is None:
                around = np.count_nonzero(log.item == items[j])
                ago = j - np.arange(j).astype(float)
            else:
                assert log.time is not None
                near = np.abs(log.time - times[j]) <= s.popularity_days * DAY // 2
                around = np.count_nonzero((log.item == items[j]) & near)
                ago = (times[j] - times[:j]) / DAY
            source, target = np.zeros(log.n_items), np.zeros(log.n_items)
            np.add.at(source, items[:j], np.maximum(np.exp(-ago / s.days), s.floor))
            target[items[j]] = 1
            S.append(source * around**s.popularity_power)
            T.append(target * around**s.popularity_power)
    A, Y = np.array(S), np.array(T)
    wanted = np.linalg.solve(A.T @ A + s.l2 * np.eye(log.n_items), A.T @ Y)
    B = Tale(s).fit(training).similarity_
    assert isinstance(B, Whole)
    np.testing.assert_allclose(B.B, wanted, atol=1e-5)
