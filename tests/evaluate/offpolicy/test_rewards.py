"""A model of rewards: what it finds, whom it never learnt from, what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from palate.errors import BadInput
from palate.evaluate.offpolicy.logged import LoggedActions
from palate.evaluate.offpolicy.propensities import estimated_propensities
from palate.evaluate.offpolicy.rewards import LinearRewards, user_folds


def made_log(
    n: int = 6000, seed: int = 0
) -> tuple[LoggedActions, np.ndarray, np.ndarray, np.ndarray]:
    """A log, its contexts, the features of its actions, and the true means."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2)).astype(np.float32)
    e = rng.normal(size=(5, 3)).astype(np.float32)
    W = rng.normal(size=(2, 3))
    truth = 0.3 + np.linspace(-1, 1, 5) + (x @ np.array([0.5, -0.2]))[:, None] + x @ W @ e.T
    action = rng.integers(0, 5, n).astype(np.int32)
    reward = truth[np.arange(n), action] + rng.normal(size=n)
    log = LoggedActions(action, reward, np.full(n, 0.2), np.arange(n, dtype=np.int32) // 3, 5)
    return log, x, e, truth


def test_it_finds_levels_slopes_and_how_they_go_together() -> None:
    log, x, e, truth = made_log()
    found = LinearRewards(shrink=0.1).cross_fitted(log, np.random.default_rng(1), x, e).expected()
    assert np.abs(found - truth).mean() < 0.1
    without = LinearRewards(shrink=0.1).cross_fitted(log, np.random.default_rng(1)).expected()
    assert np.abs(without - truth).mean() > 0.3


def test_nobodys_rounds_teach_what_is_said_of_them() -> None:
    log, x, e, _ = made_log(600)
    before = LinearRewards().cross_fitted(log, np.random.default_rng(1), x, e).expected()
    mine = log.user == 7
    reward = np.where(mine, 100.0, log.reward)
    changed = LoggedActions(log.action, reward, log.propensity, log.user, 5)
    after = LinearRewards().cross_fitted(changed, np.random.default_rng(1), x, e).expected()
    assert (before[mine] == after[mine]).all()
    assert (before[~mine] != after[~mine]).any()


def test_an_action_that_was_never_taken_is_taken_for_an_average_one() -> None:
    log, *_ = made_log(600)
    wider = LoggedActions(log.action, log.reward, log.propensity, log.user, 6)
    found = LinearRewards().cross_fitted(wider, np.random.default_rng(1)).expected()
    assert found[:, 5] == pytest.approx(log.reward.mean(), abs=0.3)


def test_a_user_is_in_one_fold() -> None:
    user = np.array([5, 5, 9, 9, 9, 1, 2, 3], np.int32)
    fold = user_folds(user, 3, np.random.default_rng(0))
    assert len({(int(u), int(f)) for u, f in zip(user, fold, strict=True)}) == 5
    with pytest.raises(BadInput, match="5 users for 6 folds"):
        user_folds(user, 6, np.random.default_rng(0))


def test_shrinking_by_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match="shrink"):
        LinearRewards(shrink=0.0)


class TestPropensities:
    def test_by_segment(self) -> None:
        action = np.array([0, 0, 1, 1], np.int32)
        segment = np.array([0, 0, 0, 1], np.int32)
        found = estimated_propensities(action, 2, segment, smoothing=0.0)
        assert found == pytest.approx(np.array([[2 / 3, 1 / 3], [0, 1]]))

    def test_a_segment_without_rounds_is_as_all_are(self) -> None:
        action, segment = np.array([0, 1], np.int32), np.array([0, 2], np.int32)
        found = estimated_propensities(action, 2, segment, smoothing=0.0)
        assert found[1].tolist() == [0.5, 0.5]

    def test_every_row_is_a_distribution(self) -> None:
        rng = np.random.default_rng(0)
        action = rng.integers(0, 9, 200).astype(np.int32)
        segment = rng.integers(0, 7, 200).astype(np.int32)
        assert estimated_propensities(action, 9, segment).sum(axis=1) == pytest.approx(np.ones(7))

    def test_segments_that_do_not_fit(self) -> None:
        with pytest.raises(BadInput, match="segments"):
            estimated_propensities(np.zeros(3, np.int32), 2, np.zeros(2, np.int32))
