"""Policies at work on simulated people."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from palate import registry
from palate.data.worlds.audience import ARRIVING, AUDIENCES, AudienceSettings, with_ids
from palate.study.policies.simulation import Simulated, simulated

GREEDY_NOW_AND_THEN = {"part": "policy.lin_ucb.v1", "alpha": 0.0, "explore": 0.1}
UCB = {"part": "policy.lin_ucb.v1"}
TODAY = {"part": "policy.epsilon_greedy.v1", "epsilon": 0.0}


def run(table: dict[str, Any], settings: AudienceSettings, steps: int, seed: int) -> Simulated:
    settings = replace(settings, steps=steps)
    return simulated(registry.spec(table, "policy").build(), settings, steps, seed)


def regret(table: dict[str, Any], settings: AudienceSettings, steps: int, seeds: int) -> float:
    found = [run(table, settings, steps, seed) for seed in range(seeds)]
    assert not any(one.disallowed for one in found)
    return float(np.mean([one.regret.sum() for one in found]))


@pytest.mark.parametrize("name", AUDIENCES)
def test_a_bandit_loses_less_than_epsilon_greedy_with_the_same_model(name: str) -> None:
    settings = AUDIENCES[name]
    assert regret(UCB, settings, 60, 3) < 0.8 * regret(GREEDY_NOW_AND_THEN, settings, 60, 3)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["stationary", "arriving"])
def test_at_most_half_of_its_regret_over_twenty_seeds(name: str) -> None:
    settings = AUDIENCES[name]
    assert regret(UCB, settings, 200, 20) <= 0.5 * regret(GREEDY_NOW_AND_THEN, settings, 200, 20)


def test_new_items_are_found_sooner_with_features_than_by_ids() -> None:
    found = {}
    for seen, settings in (("features", ARRIVING), ("ids", with_ids(ARRIVING))):
        came = [run(UCB, settings, 60, seed) for seed in range(3)]
        found[seen] = sum(one.found for one in came) / sum(one.new for one in came)
    assert found["features"] > 1.3 * found["ids"]


def test_a_safe_start_loses_less_than_the_policy_of_today() -> None:
    safe = {"part": "policy.safe_start.v1", "start": TODAY, "policy": UCB}
    settings = AUDIENCES["stationary"]
    assert regret(safe, settings, 60, 3) < regret(TODAY, settings, 60, 3)


def test_a_policy_that_does_not_learn_stays_as_it_is() -> None:
    once, again = (run(TODAY, AUDIENCES["stationary"], 5, 1) for _ in range(2))
    assert np.array_equal(once.regret, again.regret)
