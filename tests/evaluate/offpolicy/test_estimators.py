"""Estimates by hand, and the reference values of another library."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.evaluate.offpolicy.made_rounds import Made, made, made_slates

from palate.errors import BadInput, SeveralProblems
from palate.evaluate.offpolicy.estimators import (
    ESTIMATORS,
    ValueEstimator,
    clipped,
    shrunk,
    switched,
)
from palate.evaluate.offpolicy.logged import LoggedActions, WeightedRounds
from palate.evaluate.offpolicy.marginal import marginal_rounds
from palate.evaluate.offpolicy.slates import (
    LoggedSlates,
    by_position,
    cascade,
    cascade_doubly_robust,
    whole_list,
)
from palate.evaluate.offpolicy.value_intervals import value_of

REFERENCE: list[dict[str, float]] = json.loads(
    (Path(__file__).parent / "reference_values.json").read_text()
)
"""What sb-obp 0.5.10 gives for `made_rounds`, 13 estimators of 20 logs."""


def log_of(d: Made) -> LoggedActions:
    n, k = d.logging.shape
    return LoggedActions(d.action, d.reward, d.propensity, np.arange(n, dtype=np.int32), k)


def rounds_of(d: Made) -> WeightedRounds:
    return WeightedRounds.of(log_of(d), d.target, d.expected, d.logging)


SINGLE: dict[str, ValueEstimator] = {
    **{name: ESTIMATORS[name] for name in ("ips", "snips", "dm", "dr", "sndr")},
    "switch_dr@1.5": switched(1.5),
    "dros@2": shrunk(2.0),
    "clipped@1.2": clipped(1.2),
}


@pytest.mark.parametrize("row", REFERENCE, ids=lambda row: str(row["seed"]))
def test_reference_values_of_single_actions(row: dict[str, float]) -> None:
    d = made(int(row["seed"]))
    rounds = rounds_of(d)
    found = {name: value_of(rounds, estimator).value for name, estimator in SINGLE.items()}
    found["mips"] = value_of(
        marginal_rounds(rounds, log_of(d), d.target, d.logging, d.group), ESTIMATORS["ips"]
    ).value
    assert found == pytest.approx({name: row[name] for name in found}, rel=1e-9)


@pytest.mark.parametrize("row", REFERENCE, ids=lambda row: str(row["seed"]))
def test_reference_values_of_lists(row: dict[str, float]) -> None:
    d = made_slates(int(row["seed"]))
    at: Any = d.action[:, :, None].astype(np.int64)
    slates = LoggedSlates(
        d.reward,
        d.target / d.logging,
        np.arange(len(d.action), dtype=np.int32),
        np.take_along_axis(d.expected_all, at, axis=2)[:, :, 0],
        (d.target_all * d.expected_all).sum(axis=2),
    )
    ways = {
        "sips": whole_list,
        "iips": by_position,
        "rips": cascade,
        "cascade_dr": cascade_doubly_robust,
    }
    found = {name: way(slates).value.mean() for name, way in ways.items()}
    assert found == pytest.approx({name: row[name] for name in found}, rel=1e-9)


def by_hand() -> WeightedRounds:
    """Weights 2, 0.5, 0, 1; rewards 1, 1, 1, 0; the model expects 0.5 of everything."""
    half = np.full(4, 0.5)
    return WeightedRounds(
        np.array([2.0, 0.5, 0.0, 1.0]),
        np.array([1.0, 1.0, 1.0, 0.0]),
        half,
        half,
        np.arange(4, dtype=np.int32),
        modelled=True,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ips", 2.5 / 4),
        ("snips", 2.5 / 3.5),
        ("dm", 0.5),
        ("dr", 0.5 + (2 * 0.5 + 0.5 * 0.5 - 0.5) / 4),
        ("sndr", 0.5 + 0.75 / 3.5),
    ],
)
def test_by_hand(name: str, value: float) -> None:
    assert value_of(by_hand(), ESTIMATORS[name]).value == pytest.approx(value)


def test_the_best_control_is_exact_where_rewards_are_constant() -> None:
    rounds = by_hand()
    same = WeightedRounds(
        rounds.weight, np.full(4, 0.7), rounds.expected, rounds.value, rounds.user, modelled=True
    )
    assert value_of(same, ESTIMATORS["beta_ips"]).value == pytest.approx(0.7)
    assert value_of(same, ESTIMATORS["ips"]).value != pytest.approx(0.7)


def test_the_best_control_has_the_least_variance() -> None:
    rounds = rounds_of(made(11, n=400))
    errors = {n: value_of(rounds, ESTIMATORS[n]).error for n in ("ips", "snips", "beta_ips")}
    assert errors["beta_ips"] <= min(errors["ips"], errors["snips"]) + 1e-12


def test_weights_that_are_all_one_leave_the_mean_reward() -> None:
    d = made(5)
    rounds = WeightedRounds.of(log_of(d), d.logging)
    for name in ("ips", "snips", "beta_ips"):
        assert value_of(rounds, ESTIMATORS[name]).value == pytest.approx(d.reward.mean())


@pytest.mark.parametrize("name", ["snips", "beta_ips", "sndr"])
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    estimator, rounds = ESTIMATORS[name], rounds_of(made(9, n=300))
    means = estimator.columns(rounds).mean(axis=0)
    if name == "beta_ips":  # to first order, at a mean weight of 1
        means[1] = 1.0
    steps = 1e-6 * np.eye(len(means))
    found = [(estimator.value(means + h) - estimator.value(means - h)) / 2e-6 for h in steps]
    assert found == pytest.approx(estimator.gradient(means).tolist(), abs=1e-6)


def test_a_model_alone_has_no_interval() -> None:
    found = value_of(by_hand(), ESTIMATORS["dm"])
    assert found.value == 0.5
    assert np.isnan([found.low, found.high, found.error, found.p]).all()


def test_an_estimator_with_a_model_needs_one() -> None:
    d = made(3)
    with pytest.raises(BadInput, match="expected rewards"):
        value_of(WeightedRounds.of(log_of(d), d.target), ESTIMATORS["dr"])


def test_shrinking_goes_from_the_model_to_dr() -> None:
    rounds = rounds_of(made(4))
    dr, dm = (value_of(rounds, ESTIMATORS[name]).value for name in ("dr", "dm"))
    assert value_of(rounds, shrunk(float("inf"))).value == pytest.approx(dr)
    assert value_of(rounds, shrunk(1e-12)).value == pytest.approx(dm, abs=1e-9)


def test_switching_at_the_largest_weight_is_dr() -> None:
    rounds = rounds_of(made(4))
    dr = value_of(rounds, ESTIMATORS["dr"])
    assert value_of(rounds, switched(float(rounds.weight.max()))) == dr


class TestRefusals:
    def test_unknown_actions_bad_rewards_and_propensities_at_once(self) -> None:
        d = made(6)
        log = log_of(d)
        broken = LoggedActions(
            np.where(np.arange(60) == 3, 7, log.action).astype(np.int32),
            np.where(np.arange(60) == 4, np.nan, log.reward),
            np.where(np.arange(60) == 5, 0.0, log.propensity),
            log.user,
            7,
        )
        with pytest.raises(SeveralProblems) as caught:
            broken.check()
        for what in ("action, round 3", "reward, round 4", "propensity, round 5"):
            assert what in str(caught.value)

    def test_no_rounds(self) -> None:
        none = np.empty(0)
        with pytest.raises(BadInput, match="no rounds"):
            LoggedActions(none.astype(np.int32), none, none, none.astype(np.int32), 3).check()

    def test_a_target_that_is_no_distribution(self) -> None:
        d = made(6)
        target = d.target.copy()
        target[8] *= 0.5
        with pytest.raises(BadInput, match="target, round 8"):
            WeightedRounds.of(log_of(d), target)

    def test_shapes(self) -> None:
        d = made(6)
        with pytest.raises(BadInput, match="expected"):
            WeightedRounds.of(log_of(d), d.target, d.expected[:, :3])
        with pytest.raises(BadInput, match="weight"):
            LoggedSlates(np.ones((3, 2)), np.ones((3, 1)), np.arange(3, dtype=np.int32))

    def test_lists_without_a_model(self) -> None:
        slates = LoggedSlates(np.ones((3, 2)), np.ones((3, 2)), np.arange(3, dtype=np.int32))
        with pytest.raises(BadInput, match="cascade"):
            cascade_doubly_robust(slates)

    def test_groups(self) -> None:
        d = made(6)
        with pytest.raises(BadInput, match="groups"):
            marginal_rounds(rounds_of(d), log_of(d), d.target, d.logging, d.group[:2])


def test_what_the_policy_at_work_never_does_is_counted() -> None:
    d = made(6)
    logging = d.logging.copy()
    logging[:, 6] = 0
    logging /= logging.sum(axis=1, keepdims=True)
    log = LoggedActions(
        np.minimum(d.action, 5).astype(np.int32), d.reward, d.propensity, log_of(d).user, 7
    )
    found = WeightedRounds.of(log, d.target, logging=logging)
    assert found.unsupported == pytest.approx(d.target[:, 6].mean())
