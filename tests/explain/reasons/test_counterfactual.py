"""The smallest set of past items: exact where it says so, against brute force."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.errors import BadInput
from palate.explain.reasons.counterfactual import counterfactual


def _shown(
    parts: np.ndarray, rest: np.ndarray, item: int, k: int, removed: tuple[int, ...]
) -> bool:
    stay = [j for j in range(len(parts)) if j not in removed]
    scores = rest + parts[stay].sum(axis=0)
    return int(np.count_nonzero(scores > scores[item])) < k


def _brute(parts: np.ndarray, rest: np.ndarray, item: int, k: int) -> int | None:
    for size in range(len(parts) + 1):
        for removed in combinations(range(len(parts)), size):
            if not _shown(parts, rest, item, k, removed):
                return size
    return None


@given(st.integers(0, 100_000), st.integers(1, 6), st.integers(1, 3))
def test_as_small_as_brute_force(seed: int, n_past: int, k: int) -> None:
    random = np.random.default_rng(seed)
    parts, rest = random.gamma(0.5, size=(n_past, 8)), 0.3 * random.random(8)
    past = np.arange(100, 100 + n_past, dtype=np.int32)
    item = int((rest + parts.sum(axis=0)).argmax())
    found = counterfactual(parts, rest, past, item, k)
    assert found is not None
    size = _brute(parts, rest, item, k)
    if size is None:
        assert found.removed == ()
        assert found.replaced_by == -1
    else:
        assert found.exact
        assert len(found.removed) == size
        assert not _shown(parts, rest, item, k, tuple(r - 100 for r in found.removed))
        assert 0 <= found.replaced_by < 8
        assert found.replaced_by != item


def test_one_reason_one_removal() -> None:
    parts = np.array([[2.0, 0.0, 0.1], [0.0, 1.0, 0.1]])
    found = counterfactual(parts, np.zeros(3), np.array([7, 9], np.int32), 0, 1)
    assert found is not None
    assert (found.removed, found.replaced_by, found.exact) == ((7,), 1, True)


def test_hidden_items_never_take_the_place() -> None:
    parts = np.array([[2.0, 1.9, 0.5]])
    found = counterfactual(parts, np.array([0.0, -np.inf, 0.1]), np.array([7], np.int32), 0, 1)
    assert found is not None
    assert found.replaced_by == 2


def test_edges() -> None:
    parts = np.array([[1.0, 2.0]])
    assert counterfactual(parts, np.zeros(2), np.array([1], np.int32), 0, 1) is None
    whatever = counterfactual(parts, np.array([9.0, 0.0]), np.array([1], np.int32), 0, 1)
    assert whatever is not None
    assert (whatever.removed, whatever.exact) == ((), True)
    with pytest.raises(BadInput):
        counterfactual(parts, np.zeros(2), np.array([1], np.int32), 0, 0)


def test_many_past_items_are_not_all_tried() -> None:
    random = np.random.default_rng(1)
    parts = random.random((200, 50)) * 0.01
    parts[:, 0] += 0.02
    found = counterfactual(
        parts, np.zeros(50) + 0.5 * (np.arange(50) > 0), np.arange(200, dtype=np.int32), 0, 10
    )
    assert found is not None
    assert not found.exact
    assert not _shown(parts, np.zeros(50) + 0.5 * (np.arange(50) > 0), 0, 10, found.removed)
