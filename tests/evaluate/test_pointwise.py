"""Measures of yes and no."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from palate.errors import BadInput
from palate.evaluate.pointwise import (
    MEASURES,
    Aim,
    best_threshold,
    clustered_reading,
    difference,
    measured,
    readings,
)

ROWS = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.8, 1.0])),
    min_size=1,
    max_size=40,
)


@given(ROWS)
def test_the_values_are_scikit_learns(rows: list[tuple[int, float]]) -> None:
    label, p = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    found = {name: r.value for name, r in readings(label, p).items()}
    said = p >= 0.5
    assert tuple(found) == MEASURES
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(label, said))
    for name, theirs in (
        ("precision", metrics.precision_score),
        ("recall", metrics.recall_score),
        ("f1", metrics.f1_score),
    ):
        if np.isnan(found[name]):
            assert theirs(label, said, zero_division=0.0) == 0.0
        else:
            assert found[name] == pytest.approx(theirs(label, said, zero_division=0.0))
    assert found["logloss"] == pytest.approx(
        metrics.log_loss(label, np.clip(p, 1e-7, 1 - 1e-7), labels=[0, 1])
    )
    if 0 < label.sum() < len(label):
        assert found["auc"] == pytest.approx(metrics.roc_auc_score(label, p))
    else:
        assert np.isnan(found["auc"])


@given(ROWS, st.sampled_from(["accuracy", "f1"]))
def test_no_threshold_is_better_than_the_best(rows: list[tuple[int, float]], aim: Aim) -> None:
    label, p = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    best = readings(label, p, best_threshold(label, p, aim))[aim].value
    others = [readings(label, p, t)[aim].value for t in (0.0, 0.05, 0.2, 0.3, 0.6, 0.9, 1.1)]
    assert np.nan_to_num(best) >= np.nanmax([0.0, *others]) - 1e-12


def drawn(seed: int, users: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of users who each have a bent of their own, so that rows of a user are alike."""
    random = np.random.default_rng(seed)
    user = np.repeat(np.arange(users), random.integers(1, 12, users))
    bent = random.normal(size=users)[user]
    label = (random.normal(size=len(user)) + bent > 0).astype(int)
    return label, 1 / (1 + np.exp(-bent + random.normal(size=len(user)))), user


@pytest.mark.parametrize("measure", MEASURES)
def test_intervals_hold_the_truth_as_often_as_they_say(measure: str) -> None:
    whole = (
        np.concatenate([drawn(s, 400)[0] for s in range(40)]),
        np.concatenate([drawn(s, 400)[1] for s in range(40)]),
    )
    truth = readings(*whole)[measure].value
    inside = 0
    for seed in range(300):
        label, p, user = drawn(1000 + seed)
        found = measured(label, p, 0.5, user)[measure]
        inside += found.low <= truth <= found.high
    assert 0.91 <= inside / 300 <= 0.985


def test_a_copy_differs_by_nothing_and_a_better_one_by_something() -> None:
    label, p, user = drawn(1, 300)
    once, worse = readings(label, p), readings(label, np.random.default_rng(0).random(len(p)))
    assert difference(once["auc"], once["auc"], user).value == 0
    found = difference(worse["auc"], once["auc"], user)
    assert found.value > 0.1
    assert found.p < 1e-6
    alone = clustered_reading(once["auc"], user)
    assert found.error < alone.error + clustered_reading(worse["auc"], user).error


def test_one_class_only_is_said_and_not_guessed() -> None:
    found = measured(np.ones(4), np.full(4, 0.7), 0.5, np.arange(4))
    assert np.isnan(found["auc"].value)
    assert np.isnan(found["auc"].low)
    assert found["recall"].value == 1


@pytest.mark.parametrize(
    ("label", "probability"),
    [([], []), ([0, 1], [0.5]), ([0, 2], [0.5, 0.5]), ([0, 1], [np.nan, 1]), ([0], [1.5])],
)
def test_refusals(label: list[float], probability: list[float]) -> None:
    with pytest.raises(BadInput, match="pointwise"):
        readings(np.array(label), np.array(probability))
