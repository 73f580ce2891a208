"""Probabilities that mean what they say."""

from __future__ import annotations

import numpy as np
import pytest

from palate.encode.attributes.local.zero_shot import sigmoid, softmax
from palate.encode.labels.calibration import Calibration, calibrated, log_loss
from palate.seeding import generator


def worlds(kind: str, seed: int, n: int = 3000):
    """Log-odds that are three times as large as they should be, and what came of it."""
    rng = generator(seed, "tests", "calibration")
    true = rng.normal(size=(n, 3))
    if kind == "labels":
        return 3 * true + 1, (rng.random((n, 3)) < sigmoid(true)).astype(np.float64)
    p = softmax(true)
    chosen = (p.cumsum(axis=1) > rng.random(n)[:, None]).argmax(axis=1)
    return 3 * true, np.eye(3)[chosen]


@pytest.mark.parametrize("kind", ["label", "labels"])
@pytest.mark.parametrize("method", ["temperature", "isotonic"])
def test_what_is_too_sure_becomes_as_sure_as_it_may_be(kind, method) -> None:
    found = calibrated(kind, method, *worlds(kind, 1))
    margins, truth = worlds(kind, 2)
    before = log_loss(Calibration(kind).probabilities(margins), truth, kind).mean()
    after = log_loss(found.probabilities(margins), truth, kind).mean()
    assert after < before - 0.1
    p = found.probabilities(margins)
    high = p > 0.7
    assert truth[high].mean() == pytest.approx(p[high].mean(), abs=0.03)
    if kind == "label":
        np.testing.assert_allclose(p.sum(axis=1), 1)


def test_the_temperature_is_found() -> None:
    assert calibrated("label", "temperature", *worlds("label", 3)).slope == pytest.approx(
        1 / 3, abs=0.05
    )


def test_none_and_no_labels_leave_it_as_it_is() -> None:
    margins, truth = worlds("label", 4)
    for found in (
        calibrated("label", "none", margins, truth),
        calibrated("label", "temperature", margins[:0], truth[:0]),
    ):
        np.testing.assert_allclose(found.probabilities(margins), softmax(margins))


def test_a_few_labels_that_are_all_right_do_not_make_it_certain() -> None:
    margins = np.tile([[1.0, 0.0, 0.0]], (5, 1))
    found = calibrated("label", "temperature", margins, np.eye(3)[np.zeros(5, int)])
    assert found.probabilities(margins).max() < 1
