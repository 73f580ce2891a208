"""Vectors of items, free or made of content."""

from __future__ import annotations

import numpy as np
import pytest

from palate.gradient.engine import tensor, torch_library, torch_rng
from palate.model.neural.items import ContentItems, FreeItems
from palate.tables import Block, Origin

CONTENT = np.random.default_rng(0).standard_normal((10, 6)).astype(np.float32) * 5


def content_items(radius: float) -> ContentItems:
    block = Block("text", CONTENT, np.ones(10, np.bool_), Origin("made"))
    trained = np.arange(10) < 7
    return ContentItems(block, trained, 4, radius, torch_rng(0, "items"))


def all_of(items: ContentItems | FreeItems) -> np.ndarray:
    return np.asarray(items.vectors(tensor(np.arange(10))).detach().numpy())


def test_free_items_are_their_parameters() -> None:
    items = FreeItems(10, 4, torch_rng(0, "items"))
    assert np.array_equal(all_of(items), items.parameters["items"].detach().numpy())


def test_the_delta_starts_at_nothing_and_its_length_is_bounded() -> None:
    items = content_items(radius=0.5)
    before = all_of(items)
    with torch_library().no_grad():
        items.parameters["delta"].fill_(100.0)
    moved = np.linalg.norm(all_of(items) - before, axis=1)
    assert moved[:7] == pytest.approx(0.5, rel=1e-3)
    # Items outside the training part keep the vector of their content.
    assert moved[7:] == pytest.approx(0.0, abs=1e-6)


def test_a_short_delta_is_taken_whole() -> None:
    items = content_items(radius=5.0)
    before = all_of(items)
    with torch_library().no_grad():
        items.parameters["delta"].fill_(0.1)
    assert all_of(items)[:7] - before[:7] == pytest.approx(0.1, abs=1e-5)


def test_no_radius_no_delta() -> None:
    assert "delta" not in content_items(radius=0.0).parameters


def test_gradients_at_the_start_are_finite() -> None:
    items = content_items(radius=1.0)
    items.vectors(tensor(np.arange(10))).sum().backward()
    assert torch_library().isfinite(items.parameters["delta"].grad).all()
    assert torch_library().count_nonzero(items.parameters["delta"].grad[:7]) > 0
