"""Tensors with chance of their own."""

from __future__ import annotations

import numpy as np
import pytest

from palate.gradient import engine


def test_chance_comes_from_the_seed_and_the_purpose_alone() -> None:
    torch = engine.torch_library()
    torch.manual_seed(1)
    first = engine.normal((3, 2), 1.0, engine.torch_rng(7, "a"))
    torch.manual_seed(2)
    again = engine.normal((3, 2), 1.0, engine.torch_rng(7, "a"))
    other = engine.normal((3, 2), 1.0, engine.torch_rng(7, "b"))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.requires_grad


def test_the_global_generator_is_left_alone() -> None:
    torch = engine.torch_library()
    before = torch.get_rng_state()
    engine.glorot(4, 4, engine.torch_rng(0, "x"))
    assert torch.equal(before, torch.get_rng_state())


def test_glorot_keeps_the_variance() -> None:
    weights = engine.glorot(300, 100, engine.torch_rng(0, "x"))
    assert float(weights.detach().std()) == pytest.approx(np.sqrt(2 / 400), rel=0.05)


def test_numbers_and_tensors_go_there_and_back() -> None:
    parameters = {
        "a": engine.constant((2, 3), 1.5),
        "b": engine.normal((4,), 1.0, engine.torch_rng(0, "b")),
    }
    arrays = engine.numbers(parameters)
    assert all(array.dtype == np.float32 for array in arrays.values())
    back = engine.tensors(arrays)
    assert engine.torch_library().equal(back["b"], parameters["b"].detach())
    assert not back["a"].requires_grad


def test_read_only_arrays_become_tensors_of_their_own_memory() -> None:
    array = np.ones(3, np.float32)
    array.flags.writeable = False
    made = engine.tensor(array)
    made += 1
    assert array.tolist() == [1.0, 1.0, 1.0]
