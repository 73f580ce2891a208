"""Estimators against known truths over many logs, and controls that must be caught."""

from __future__ import annotations

import os

import numpy as np
import pytest

from palate.data.worlds.logged_policies import (
    PolicyLog,
    PolicyWorld,
    list_world,
    softmax,
    world_of,
)
from palate.evaluate.offpolicy.card import off_policy_card
from palate.evaluate.offpolicy.estimators import ESTIMATORS
from palate.evaluate.offpolicy.slates import LoggedSlates, cascade, whole_list
from palate.evaluate.offpolicy.value_intervals import value_of
from palate.study.offpolicy.worlds import rounds_of
from palate.tables.estimate import Estimate

LOGS = int(os.environ.get("PALATE_OFF_POLICY_LOGS", "200"))
ROUNDS = 2000
WORLDS = [("softmax", 10), ("softmax", 100), ("softmax", 1000), ("epsilon-greedy", 10)]
MOST_Z = 3.3


def logs(world: PolicyWorld, n: int = ROUNDS) -> list[PolicyLog]:
    return [world.log(np.random.default_rng([7, seed]), n) for seed in range(LOGS)]


def z_of(found: list[Estimate], truth: float) -> float:
    """How far the mean of the estimates is from the truth, in standard errors."""
    values = np.array([one.value for one in found])
    return float((values.mean() - truth) / (values.std(ddof=1) / np.sqrt(len(values))))


def coverage(found: list[Estimate], truth: float) -> float:
    return float(np.mean([one.low <= truth <= one.high for one in found]))


def least_coverage(level: float) -> float:
    """Below which coverage is not chance."""
    return level - 3.3 * np.sqrt(level * (1 - level) / LOGS)


@pytest.mark.parametrize(("kind", "n_actions"), WORLDS)
def test_unbiased_and_intervals_hold(kind: str, n_actions: int) -> None:
    world = world_of(kind, n_actions)
    model = 0.7 * world.click + 0.05
    made = [rounds_of(log, model=model) for log in logs(world)]
    for name in ("ips", "dr"):
        found = [value_of(rounds, ESTIMATORS[name]) for rounds in made]
        assert abs(z_of(found, world.value)) < MOST_Z, name
        assert coverage(found, world.value) > least_coverage(0.95), name


@pytest.mark.parametrize("name", ["snips", "beta_ips", "sndr"])
def test_nearly_unbiased_ones_have_intervals_that_hold(name: str) -> None:
    world = world_of("softmax", 10)
    found = [value_of(rounds_of(log, model=world.click), ESTIMATORS[name]) for log in logs(world)]
    assert coverage(found, world.value) > least_coverage(0.95)
    assert abs(np.mean([one.value for one in found]) / world.value - 1) < 0.01


def test_dr_is_right_where_either_is_and_wrong_where_both_are_wrong() -> None:
    world = world_of("softmax", 10)
    off = softmax(np.log(world.logging) + 0.8 * np.log(world.click), 1.0)
    wrong_model = 0.3 * world.click[:, ::-1] + 0.2
    z = {}
    for name, p, model in (
        ("wrong model", None, wrong_model),
        ("wrong propensities", off, world.click),
        ("both wrong", off, wrong_model),
    ):
        made = [
            rounds_of(log, None if p is None else log.propensity(p), model) for log in logs(world)
        ]
        z[name] = z_of([value_of(rounds, ESTIMATORS["dr"]) for rounds in made], world.value)
    assert abs(z["wrong model"]) < MOST_Z
    assert abs(z["wrong propensities"]) < MOST_Z
    assert abs(z["both wrong"]) > 5


class TestControls:
    """Logs that lie have to be found out."""

    def test_the_propensity_before_a_filter_is_caught(self) -> None:
        """Action 0 is replaced after the draw, and the drawn action's propensity is logged."""
        world = world_of("softmax", 10)
        found, refused = [], 0
        for log in logs(world, 4000):
            p = log.propensity()
            shown = np.where(log.action == 0, 1, log.action)
            filtered = PolicyLog(world, log.context, shown, log.reward, log.user)
            rounds = rounds_of(filtered, p)
            found.append(value_of(rounds, ESTIMATORS["ips"]))
            refused += off_policy_card(rounds, p, shown).verdict == "refused"
        assert abs(z_of(found, world.value)) > 5
        assert refused == LOGS

    def test_rounded_propensities_are_caught(self) -> None:
        world = world_of("softmax", 100)
        for log in logs(world):
            p = np.maximum(np.round(log.propensity(), 2), 0.01)
            assert off_policy_card(rounds_of(log, p), p, log.action).verdict == "refused"

    def test_right_ones_are_let_through(self) -> None:
        world = world_of("softmax", 10)
        refused = [
            off_policy_card(rounds_of(log), log.propensity(), log.action).verdict == "refused"
            for log in logs(world, 4000)
        ]
        assert np.mean(refused) < 0.02


class TestLists:
    def test_weights_down_to_a_position_are_unbiased_and_vary_less(self) -> None:
        world = list_world()
        truth, found = world.value(), {"cascade": [], "whole": []}  # type: ignore[var-annotated]
        for seed in range(LOGS):
            rng = np.random.default_rng([3, seed])
            items, p = world.drawn(rng, world.logging, 1000)
            weight = world.given_above(items, world.target) / p
            slates = LoggedSlates(world.clicks(rng, items), weight, np.arange(1000, dtype=np.int32))
            found["cascade"].append(value_of(cascade(slates), ESTIMATORS["dm"]))
            found["whole"].append(value_of(whole_list(slates), ESTIMATORS["dm"]))
        assert abs(z_of(found["cascade"], truth)) < MOST_Z
        assert abs(z_of(found["whole"], truth)) < MOST_Z
        spread = {name: np.std([one.value for one in some]) for name, some in found.items()}
        assert spread["cascade"] < spread["whole"]
