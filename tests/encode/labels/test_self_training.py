"""Few labels and many texts: what the classifier's own answers add, and when they are left."""

from __future__ import annotations

import numpy as np
import pytest

from palate.encode.labels.self_training import LearnsLabels, learn_labels
from palate.seeding import generator
from palate.tables.questions import Question

KIND = Question("kind", "label", options=("a", "b"))
TAGS = Question("tags", "labels", options=("a", "b", "c"))


def clusters(seed: int, n: int, noise: float, d: int = 20):
    """Two groups along one direction of many."""
    rng = generator(seed, "tests", "clusters")
    side = rng.integers(0, 2, n)
    X = rng.normal(size=(n, d))
    X[:, 0] += np.where(side, 1, -1) * 4.0
    wrong = rng.random(n) < noise
    return X / 5, np.eye(2)[np.where(wrong, 1 - side, side)], side


def right(learnt, X, side) -> float:
    return float((learnt.probabilities(X).argmax(axis=1) == side).mean())


def drawn(n: int):
    return np.ones(n, np.bool_)


def test_its_own_answers_help_where_groups_are_apart() -> None:
    gains = []
    for seed in range(8):
        X, Y, _ = clusters(seed, 16, 0.0)
        pool, _, side = clusters(100 + seed, 600, 0.0)
        way = LearnsLabels(strength=1.0, confidence=0.8, seed=seed)
        alone = learn_labels(KIND, X, Y, drawn(16), pool[:0], way)
        both = learn_labels(KIND, X, Y, drawn(16), pool, way)
        assert alone.added == 0
        gains.append(right(both, pool, side) - right(alone, pool, side))
    assert np.mean(gains) > 0.0


def test_what_does_not_help_is_left_and_said() -> None:
    X, _, _ = clusters(1, 60, 0.0)
    rng = generator(1, "noise")
    Y = np.eye(2)[rng.integers(0, 2, 60)]
    pool, _, _ = clusters(2, 400, 0.0)
    found = learn_labels(KIND, X, Y, drawn(60), pool, LearnsLabels(confidence=0.55, seed=1))
    assert found.added == 0 or found.gain > 0


@pytest.mark.parametrize("classifier", ["linear", "boosted"])
@pytest.mark.parametrize("question", [KIND, TAGS], ids=lambda q: q.kind)
def test_both_classifiers_learn_both_kinds(classifier, question) -> None:
    if classifier == "boosted":
        pytest.importorskip("lightgbm")
    rng = generator(3, "tests")
    X = rng.normal(size=(240, 8))
    Y = (
        np.eye(2)[(X[:, 0] > 0).astype(int)]
        if question is KIND
        else (X[:, :3] > 0).astype(np.float64)
    )
    found = learn_labels(question, X[:200], Y[:200], drawn(200), X[:0], LearnsLabels(classifier))
    p = found.probabilities(X[200:])
    assert ((p > 0.5) == (Y[200:] > 0.5)).mean() > 0.8
    assert len(found.folds) == 5
    assert found.n_labels == 200


def test_options_that_never_occur_are_unlikely() -> None:
    X, Y, _ = clusters(1, 40, 0.0)
    for question in (
        Question("kind", "label", options=("a", "b", "c")),
        Question("tags", "labels", options=("a", "b", "c")),
    ):
        wide = np.column_stack([Y, np.zeros(40)])
        found = learn_labels(question, X, wide, drawn(40), X[:0], LearnsLabels())
        assert found.probabilities(X)[:, 2].max() < 0.05


def test_calibration_rests_on_labels_that_were_drawn() -> None:
    X, Y, _ = clusters(1, 80, 0.2)
    some = np.arange(80) < 40
    found = learn_labels(KIND, X, Y, some, X[:0], LearnsLabels())
    assert (found.sets.n_labels, found.n_labels, found.n_picked) == (40, 80, 0)
    few = np.arange(80) < 10
    found = learn_labels(KIND, X, Y, few, X[:0], LearnsLabels())
    assert (found.sets.n_labels, found.n_picked) == (80, 70)


def test_a_part_that_is_held_back_is_not_learnt_from() -> None:
    X, Y, _ = clusters(1, 60, 0.1)
    found = learn_labels(KIND, X, Y, drawn(60), X[:0], LearnsLabels(folds=1))
    assert (found.n_labels, found.sets.n_labels) == (40, 20)


def test_the_same_labels_give_the_same_numbers() -> None:
    X, Y, _ = clusters(1, 60, 0.1)
    pool, _, _ = clusters(2, 100, 0.1)
    one, two = (learn_labels(KIND, X, Y, drawn(60), pool, LearnsLabels(seed=4)) for _ in range(2))
    assert np.array_equal(one.probabilities(pool), two.probabilities(pool))


def test_many_options_of_few_labels_are_learnt_without_a_warning() -> None:
    question = Question("kind", "label", options=tuple(f"option {j}" for j in range(15)))
    X = np.eye(20)
    Y = np.eye(15)[np.arange(20) % 15]
    found = learn_labels(question, X, Y, drawn(20), X[:0], LearnsLabels())
    assert found.probabilities(X).shape == (20, 15)
