"""Intervals by the delta method and by drawing users, and the choice of the largest weight."""

from __future__ import annotations

import numpy as np
import pytest

from palate.data.worlds.logged_policies import world_of
from palate.errors import BadInput
from palate.evaluate.offpolicy.estimators import ESTIMATORS, switched
from palate.evaluate.offpolicy.tuning import largest_weights, slope
from palate.evaluate.offpolicy.value_intervals import DrawnUsers, percentiles, value_of
from palate.study.offpolicy.worlds import rounds_of


@pytest.mark.parametrize("name", ["ips", "snips", "beta_ips", "dr", "sndr"])
def test_both_ways_agree(name: str) -> None:
    world = world_of("softmax", 10)
    rounds = rounds_of(
        world.log(np.random.default_rng(0), 6000, per_user=3), model=0.8 * world.click
    )
    drawn = DrawnUsers.of(rounds.user, 400, np.random.default_rng(1))
    found = value_of(rounds, ESTIMATORS[name])
    low, high = percentiles(drawn.values(rounds, ESTIMATORS[name]))
    assert (high - low) == pytest.approx(found.high - found.low, rel=0.15)
    assert (low + high) / 2 == pytest.approx((found.low + found.high) / 2, abs=0.3 * (high - low))


def test_users_are_drawn_whole() -> None:
    user = np.array([3, 3, 8, 8, 8], np.int32)
    drawn = DrawnUsers.of(user, 50, np.random.default_rng(0))
    assert drawn.times.shape == (50, 2)
    assert (drawn.times.sum(axis=1) == 2).all()


def test_rounds_of_one_user_are_not_independent() -> None:
    world = world_of("softmax", 10)
    log = world.log(np.random.default_rng(0), 4000, per_user=4)
    rounds = rounds_of(log)
    apart = value_of(
        type(rounds)(
            rounds.weight,
            rounds.reward,
            rounds.expected,
            rounds.value,
            np.arange(len(rounds), dtype=np.int32),
            modelled=False,
        ),
        ESTIMATORS["ips"],
    )
    assert value_of(rounds, ESTIMATORS["ips"]).error > 1.03 * apart.error


def test_slope_keeps_large_weights_where_the_model_is_wrong_and_not_where_it_is_right() -> None:
    world = world_of("softmax", 100, seed=4)
    log = world.log(np.random.default_rng(0), 40_000)
    right, wrong = rounds_of(log, model=world.click), rounds_of(log, model=world.click[:, ::-1] * 3)
    chosen = [slope(r, switched, largest_weights(r)).setting for r in (right, wrong)]
    assert chosen[0] < chosen[1]


def test_slope_needs_settings() -> None:
    rounds = rounds_of(world_of("softmax", 10).log(np.random.default_rng(0), 200))
    with pytest.raises(BadInput, match="settings"):
        slope(rounds, switched, [])
