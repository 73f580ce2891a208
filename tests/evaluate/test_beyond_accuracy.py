"""What lists are besides accurate, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.arrays import Ragged, l2_normalised
from palate.evaluate import beyond_accuracy as beyond
from palate.tables.divergence import MOST, smoothed_divergence


@given(st.integers(0, 10_000))
def test_diversity_is_the_mean_over_pairs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    content = l2_normalised(rng.normal(size=(9, 3)).astype(np.float32))
    items = np.stack([rng.permutation(9)[:5] for _ in range(4)]).astype(np.int32)
    items[0, 3:] = -1
    for case, found in enumerate(beyond.intra_list_diversity(items, content)):
        own = items[case][items[case] >= 0]
        pairs = [1 - content[i] @ content[j] for i in own for j in own if i != j]
        assert found == pytest.approx(np.mean(pairs), abs=1e-6)


def test_diversity_without_pairs_is_unknown() -> None:
    content = np.array([[1, 0], [0, 0], [-1, 0]], np.float32)
    items = np.array([[0, 1], [0, -1], [-1, -1], [0, 2]])
    found = beyond.intra_list_diversity(items, content)
    assert np.isnan(found[:3]).all()
    assert found[3] == 2


def test_serendipity_counts_what_was_wanted_and_not_expected() -> None:
    items = np.array([[1, 2, 3, 4], [1, 2, -1, -1], [5, 6, 7, 8], [-1, -1, -1, -1]])
    targets = Ragged.of([np.array(t, np.int32) for t in ([1, 4, 9], [2], [], [1])])
    expected = np.array([[1, 7], [-1, -1], [1, 2], [1, 2]])
    found = beyond.serendipity(items, targets, expected)
    assert found[:2].tolist() == [0.25, 0.5]
    assert np.isnan(found[2:]).all()


def test_miscalibration_lies_between_0_and_1() -> None:
    shares = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]], np.float32)
    items = np.array([[0, 1], [2, 2], [3, -1], [0, 1], [-1, -1], [0, 0]])
    taste = np.array([[0.5, 0.5, 0]] * 3 + [[0, 0, 0]] + [[0.5, 0.5, 0]] * 2)
    found = beyond.miscalibration(items, shares, taste)
    assert found[:3].tolist() == pytest.approx([0, 1, 1])
    assert np.isnan(found[3:5]).all()
    # only one of two values: half of it is covered by .99 + .005, half by the smoothing alone
    by_hand = 0.5 * np.log(0.5 / 0.995) + 0.5 * np.log(0.5 / 0.005)
    assert found[5] == pytest.approx(by_hand / -np.log(0.01))


@given(st.integers(0, 10_000))
def test_divergence_is_0_for_the_same_shares_and_bounded(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p, q = rng.dirichlet(np.full(4, 0.3), size=2)
    assert smoothed_divergence(p, 7 * p) == pytest.approx(0, abs=1e-12)
    assert -1e-12 <= smoothed_divergence(p, q) <= MOST + 1e-12


def test_shares_of_a_history_add_up_to_1() -> None:
    shares = np.array([[1, 0], [0.5, 0.5], [0, 0]], np.float32)
    histories = Ragged.of([np.array(t, np.int32) for t in ([0, 1, 2], [2], [])])
    assert beyond.history_shares(histories, shares).tolist() == [[0.75, 0.25], [0, 0], [0, 0]]
