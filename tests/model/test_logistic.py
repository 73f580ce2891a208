"""The odds that an item is the next one."""

import numpy as np

from palate.model.logistic import last_events, logistic
from palate.tables import Histories
from palate.testing.scorer import made_training

TRAINING = made_training()


def test_logistic_regression_is_at_its_minimum() -> None:
    random = np.random.default_rng(0)
    X = np.column_stack([random.normal(size=(500, 2)), np.ones(500)])
    y = random.random(500) < 1 / (1 + np.exp(-(X @ [1.5, -2.0, 0.5])))
    w = logistic(X, y, l2=1.0)
    gradient = X.T @ (1 / (1 + np.exp(-X @ w)) - y) + np.array([1.0, 1.0, 1e-6]) * w
    assert np.abs(gradient).max() < 1e-6
    np.testing.assert_allclose(w, [1.5, -2.0, 0.5], atol=0.5)


def test_the_last_event_is_split_off() -> None:
    log = TRAINING.log
    before, targets = last_events(log, 1_000, seed=0)
    whole = Histories.of(log, before.users)
    for case in range(len(before)):
        assert [*before.items[case], targets[case]] == whole.items[case].tolist()
    assert len(last_events(log, 7, seed=0)[1]) == 7
