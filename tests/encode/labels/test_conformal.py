"""Prediction sets hold the right option as often as stated, over many draws, whatever the
classifier is like; sets made of labels that it learnt from do not.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.encode.labels.conformal import PredictionSets
from palate.encode.labels.self_training import LearnsLabels, LearntLabels, learn_labels
from palate.seeding import generator
from palate.tables.questions import Question

KIND = Question("kind", "label", options=("a", "b", "c"))
TAGS = Question("tags", "labels", options=("a", "b", "c"))
ALPHA, SEEDS, NEW = 0.2, 60, 200


class World(NamedTuple):
    """Labelled and new items."""

    X: Any
    Y: Any
    new: Any
    truth: Any


def world(seed: int, question: Question, n: int = 60, d: int = 40) -> World:
    """Classes with so much noise, in so many directions, that a classifier learns it by heart."""
    rng = generator(seed, "tests", "conformal")
    centres = rng.normal(size=(3, d)) * 0.25
    size = n + NEW
    if question.kind == "label":
        Y = np.eye(3)[rng.integers(0, 3, size)]
    else:
        Y = (rng.random((size, 3)) < [0.5, 0.3, 0.1]).astype(np.float64)
    X = Y @ centres + rng.normal(size=(size, d))
    return World(X[:n], Y[:n], X[n:], Y[n:])


def learnt(found: World, question: Question, seed: int, **how: Any) -> LearntLabels:
    everything = np.ones(len(found.X), np.bool_)
    way = LearnsLabels(alpha=ALPHA, seed=seed, **{"rounds": 0, **how})
    return learn_labels(question, found.X, found.Y, everything, found.new[:0], way)


def covered(question: Question, may: Any, may_not: Any, truth: Any) -> float:
    if question.kind == "label":
        return float((may & (truth > 0)).any(axis=1).mean())
    return float(np.where(truth > 0, may, may_not).mean())


@pytest.mark.parametrize("question", [KIND, TAGS], ids=lambda q: q.kind)
@pytest.mark.parametrize("folds", [1, 5])
def test_they_miss_as_often_as_stated_over_many_draws(question: Question, folds: int) -> None:
    rates = []
    for seed in range(SEEDS):
        found = world(seed, question)
        one = learnt(found, question, seed, folds=folds)
        rates.append(covered(question, *one.may_be(found.new), found.truth))
    error = float(np.std(rates, ddof=1) / np.sqrt(SEEDS))
    assert np.mean(rates) > 1 - ALPHA - 2 * error
    # and they are no larger than they have to be
    assert np.mean(rates) < 1 - ALPHA + 0.1


@pytest.mark.parametrize("question", [KIND, TAGS], ids=lambda q: q.kind)
def test_the_control_fails_labels_that_the_classifier_learnt_from(question: Question) -> None:
    rates = []
    for seed in range(SEEDS):
        found = world(seed, question)
        one = learnt(found, question, seed, strength=1000.0)
        p = one.probabilities(found.X)
        sets = PredictionSets.learn(question.kind, ALPHA, [p], [found.Y])
        rates.append(covered(question, *sets.may_be([one.probabilities(found.new)]), found.truth))
    error = float(np.std(rates, ddof=1) / np.sqrt(SEEDS))
    assert np.mean(rates) < 1 - ALPHA - 5 * error


def test_with_fewer_labels_than_one_over_alpha_everything_is_open() -> None:
    p = np.array([[0.9, 0.1, 0.0]] * 3)
    sets = PredictionSets.learn("label", 0.1, [p], [np.eye(3)[[0, 0, 0]]])
    may, _ = sets.may_be([np.array([[1.0, 0.0, 0.0]])])
    assert sets.n_labels == 3
    assert may.all()


def test_a_set_may_be_empty_and_may_hold_one_option_for_sure() -> None:
    p = np.tile([[0.95, 0.04, 0.01]], (40, 1))
    sets = PredictionSets.learn("label", 0.1, [p], [np.eye(3)[np.zeros(40, int)]])
    may, may_not = sets.may_be([np.array([[0.99, 0.01, 0.0], [0.4, 0.3, 0.3]])])
    assert may.tolist() == [[True, False, False], [False, False, False]]
    assert may_not.tolist() == [[False, True, True], [True, True, True]]


@given(st.integers(1, 40), st.floats(0.02, 0.5), st.integers(0, 10**6))
def test_a_smaller_alpha_never_takes_an_option_away(n: int, alpha: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    p, truth = rng.dirichlet(np.ones(3), n), np.eye(3)[rng.integers(0, 3, n)]
    new = [rng.dirichlet(np.ones(3), 5)]
    wide, _ = PredictionSets.learn("label", alpha / 2, [p], [truth]).may_be(new)
    narrow, _ = PredictionSets.learn("label", alpha, [p], [truth]).may_be(new)
    assert (wide | ~narrow).all()
