"""Micro-F1 by hand, and an interval that holds the truth."""

from __future__ import annotations

import numpy as np
import pytest

from palate.seeding import generator
from palate.study.labelling.agreement import agreement, chosen_options, counted, gained


def test_by_hand() -> None:
    p = np.array([[0.9, 0.6, 0.1], [0.2, 0.3, 0.1], [0.7, 0.1, 0.1]])
    assert chosen_options("labels", p).tolist() == [
        [True, True, False],
        [False, True, False],
        [True, False, False],
    ]
    truth = np.array([[1.0, 0, 0], [0, 1, 1], [0, 1, 0]])
    # said 4, hold 4, right 2
    assert counted("labels", p, truth).f1 == pytest.approx(0.5)
    assert counted("label", p, np.eye(3)[[0, 1, 1]]).f1 == pytest.approx(2 / 3)
    assert counted("label", p[:0], truth[:0]).f1 == 1.0


def test_the_interval_holds_the_truth() -> None:
    """Of drawn samples of a population whose F1 is known."""
    rng = generator(0, "tests", "agreement")
    p = rng.random((20_000, 3))
    truth = (rng.random((20_000, 3)) < 0.25 + 0.5 * p).astype(float)
    whole = counted("labels", p, truth).f1
    held = 0
    for _ in range(400):
        rows = rng.integers(0, len(p), 60)
        found = agreement(counted("labels", p[rows], truth[rows]))
        held += found.low <= whole <= found.high
    assert held / 400 > 0.92


def test_a_gain_is_paired() -> None:
    rng = generator(1, "tests", "agreement")
    truth = np.eye(3)[rng.integers(0, 3, 200)]
    early = np.where(rng.random((200, 1)) < 0.6, truth, np.roll(truth, 1, axis=1))
    later = np.where(rng.random((200, 1)) < 0.3, truth, early)
    found = gained(counted("label", later, truth), counted("label", early, truth))
    assert 0 < found.low < found.value < found.high
    same = counted("label", early, truth)
    assert gained(same, same).value == gained(same, same).high == 0
