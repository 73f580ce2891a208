"""The residual map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from palate.adapt.residual import Residual, ResidualSettings
from palate.errors import BadInput, Refused
from palate.gradient.loop import Schedule
from palate.stages import FitContext
from palate.tables import Block, Origin, Training

QUICK = ResidualSettings(
    pairs=800, schedule=Schedule(epochs=6, batch=100, rate=0.01, patience=6), skip_known=True
)


def noisy(seed: int = 0, width: int = 12) -> Block:
    """Four columns tell the families, weakly; the others are noise. The last item is absent."""
    random = np.random.default_rng(seed)
    X = random.standard_normal((40, width)).astype(np.float32)
    X[np.arange(40), np.arange(40) % 4] += 2.0
    X[-1] = 0
    return Block("noisy", X, np.arange(40) < 39, Origin("made"))


def test_it_finds_the_columns_that_matter(
    training: Training, closeness: Callable[[np.ndarray], float]
) -> None:
    block = noisy()
    model = Residual(QUICK).fit(block, training)
    before = block.matrix / np.maximum(np.linalg.norm(block.matrix, axis=1, keepdims=True), 1e-9)
    assert closeness(model.transform(block).matrix) > closeness(before) + 0.15
    # Items that it never saw gain too: the map is learnt, not the items.
    fresh = noisy(seed=9)
    plain = fresh.matrix / np.maximum(np.linalg.norm(fresh.matrix, axis=1, keepdims=True), 1e-9)
    assert closeness(model.transform(fresh).matrix) > closeness(plain) + 0.03


def test_random_behaviour_teaches_nothing(
    training: Training, closeness: Callable[[np.ndarray], float]
) -> None:
    log = training.log
    mixed = replace(log, item=np.random.default_rng(0).integers(0, 39, len(log)).astype(np.int32))
    block = noisy()
    model = Residual(QUICK).fit(block, replace(training, log=mixed))
    before = block.matrix / np.maximum(np.linalg.norm(block.matrix, axis=1, keepdims=True), 1e-9)
    assert closeness(model.transform(block).matrix) < closeness(before) + 0.1


def test_shape_and_origin(training: Training) -> None:
    block = noisy()
    model = Residual(QUICK).fit(block, training)
    shaped = model.transform(block)
    assert np.linalg.norm(shaped.matrix[:-1], axis=1) == pytest.approx(1.0, abs=1e-5)
    assert not shaped.matrix[-1].any()
    assert shaped.origin.steps[-1]["part"] == "adapt.residual.v1"
    other = Residual(QUICK).fit(block, training, FitContext(seed=4)).transform(block)
    assert other.origin.key() != shaped.origin.key()
    again = Residual(QUICK).fit(block, training).transform(block)
    assert again.origin.key() == shaped.origin.key()
    assert np.array_equal(again.matrix, shaped.matrix)


def test_refusals(training: Training) -> None:
    with pytest.raises(Refused, match="not been fitted"):
        Residual().transform(noisy())
    block = noisy()
    spoilt = block.matrix.copy()
    spoilt[0, 0] = np.nan
    with pytest.raises(BadInput, match="NaN"):
        Residual(QUICK).fit(replace(block, matrix=spoilt), training)
    with pytest.raises(Refused, match="no two items"):
        Residual(QUICK).fit(replace(block, present=np.zeros(40, bool)), training)
