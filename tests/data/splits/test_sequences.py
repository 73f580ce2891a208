"""Numbering events inside groups, and how many go to each part."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.data.splits.sequences import counts, positions_in


def test_places_follow_the_order_inside_each_group() -> None:
    found = positions_in(np.array([0, 1, 0, 0, 1]), np.array([4, 3, 2, 1, 0]), 3)
    assert found.place.tolist() == [2, 1, 1, 0, 0]
    assert found.size.tolist() == [3, 2, 3, 3, 2]
    assert found.from_end().tolist() == [1, 1, 2, 3, 2]


@pytest.mark.parametrize(
    ("size", "parts"),
    # What RecBole gives for [0.8, 0.1, 0.1]: a tenth rounded down, at least one while training
    # keeps one.
    [
        (1, (1, 0, 0)),
        (2, (1, 0, 1)),
        (3, (1, 1, 1)),
        (9, (7, 1, 1)),
        (10, (8, 1, 1)),
        (19, (17, 1, 1)),
        (20, (16, 2, 2)),
    ],
)
def test_recboles_counts(size: int, parts: tuple[int, ...]) -> None:
    assert tuple(counts(np.array([size]), (0.8, 0.1, 0.1), "train")[0]) == parts


@pytest.mark.parametrize(
    ("size", "parts"),
    [(1, (0, 0, 1)), (2, (1, 0, 1)), (3, (2, 0, 1)), (4, (3, 0, 1)), (7, (5, 0, 2))],
)
def test_recommenders_counts(size: int, parts: tuple[int, ...]) -> None:
    # An event stays in training while (its place + 1) / size <= 0.75.
    assert tuple(counts(np.array([size]), (0.75, 0.0, 0.25), "test")[0]) == parts


@given(
    st.lists(st.integers(0, 300), min_size=1, max_size=20),
    st.tuples(st.floats(0.05, 1), st.floats(0, 1), st.floats(0.05, 1)),
    st.sampled_from(["train", "test"]),
)
def test_counts_add_up(sizes: list[int], ratios: tuple[float, float, float], rest: str) -> None:
    found = counts(np.array(sizes), ratios, rest)
    assert found.sum(axis=1).tolist() == sizes
    assert found.min() >= 0
    exact = np.array(sizes)[:, None] * np.array(ratios) / sum(ratios)
    assert np.abs(found[:, 1:] - exact[:, 1:]).max() <= 1 + 1e-6
    if rest == "train":
        assert np.all(found[:, 0] >= np.minimum(np.array(sizes), 1))


def test_a_share_of_nothing_gets_nothing() -> None:
    assert counts(np.array([50]), (0.75, 0.0, 0.25), "train").tolist() == [[38, 0, 12]]


def test_products_just_below_a_whole_number_are_that_number() -> None:
    assert counts(np.array([100]), (0.71, 0.0, 0.29), "train").tolist() == [[71, 0, 29]]
