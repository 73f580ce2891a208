"""Intervals: plain cases, and whether they cover a known truth as often as they say."""

from __future__ import annotations

import numpy as np
import pytest

from palate.errors import BadInput
from palate.evaluate.intervals import mean_intervals

TRUTH = 0.3


def coverage(clustered, n_users: int, by_user: bool, simulations: int = 600) -> float:
    inside = 0
    for i in range(simulations):
        values, users = clustered(np.random.default_rng(i), n_users)
        found = mean_intervals(values, users if by_user else None, within=(0, 1))
        inside += bool(found.low[0] <= TRUTH <= found.high[0])
    return inside / simulations


@pytest.mark.parametrize("n_users", [15, 80])
def test_intervals_cover_when_users_are_drawn(clustered, n_users: int) -> None:
    assert 0.93 <= coverage(clustered, n_users, by_user=True) <= 0.97


def test_intervals_that_draw_cases_do_not_cover(clustered) -> None:
    """The negative control: rows of one user hang together, and drawing them one by one hides
    it.
    """
    assert coverage(clustered, 80, by_user=False, simulations=200) < 0.90


def test_intervals_of_one_case_a_user_match_the_textbook() -> None:
    values = np.random.default_rng(0).normal(2, 3, 4000)
    found = mean_intervals(values)
    half = 1.96 * values.std() / np.sqrt(4000)
    assert found.value[0] == pytest.approx(values.mean())
    assert found.low[0] == pytest.approx(values.mean() - half, abs=half * 0.01)
    assert found.high[0] == pytest.approx(values.mean() + half, abs=half * 0.01)


def test_columns_ignore_missing_values() -> None:
    values = np.random.default_rng(1).random((50, 1))
    table = np.hstack(
        [
            values,
            values,
            1 + values,
            np.full((50, 1), np.nan),
            np.where(np.arange(50) < 20, values.T, np.nan).T,
        ]
    )
    found = mean_intervals(table)
    assert found.low[0] == found.low[1]
    assert found.low[2] == pytest.approx(1 + found.low[0])
    assert np.isnan([found.value[3], found.low[3], found.high[3]]).all()
    assert found.value[4] == pytest.approx(values[:20].mean())
    assert found.n_users.tolist() == [50, 50, 50, 0, 20]


def test_users_unknown_to_the_vocabulary_are_different_people() -> None:
    values, users = np.arange(6.0), np.array([0, 0, 3, -1, -1, -1], np.int32)
    assert mean_intervals(values, users).n_users.tolist() == [5]


def test_one_user_or_none_has_no_interval() -> None:
    for values in (np.array([0.5]), np.array([np.nan, 0.5])):
        found = mean_intervals(values)
        assert (found.value[0], np.isnan(found.low[0]), np.isnan(found.high[0])) == (
            0.5,
            True,
            True,
        )
    assert np.isnan(mean_intervals(np.empty((0, 1))).value[0])


def test_values_that_are_too_alike_have_none_without_bounds() -> None:
    """The spread cannot be told where all users but a few have the same."""
    for others in (0, 1, 9):
        found = mean_intervals(np.repeat([0.25, 3.0], [50 - others, others]))
        assert found.value[0] == pytest.approx(0.25 + 2.75 * others / 50)
        assert np.isnan([found.low[0], found.high[0]]).all()
    assert mean_intervals(np.repeat([0.25, 3.0], [40, 10])).low[0] > 0.25


def test_no_hit_at_all_has_an_interval_where_bounds_are_known() -> None:
    found = mean_intervals(np.zeros(50), within=(0, 1))
    assert found.low[0] == 0
    assert 0.04 < found.high[0] < 0.07


def test_values_outside_of_their_bounds_are_refused() -> None:
    with pytest.raises(BadInput, match=r"-0\.5 to 1"):
        mean_intervals(np.array([-0.5, 0.0, 1.0, 1.0, 1.0]), within=(0, 1))


def test_wider_levels_are_wider() -> None:
    values = np.random.default_rng(2).random(40)
    narrow, wide = mean_intervals(values, level=0.8), mean_intervals(values, level=0.99)
    assert wide.low[0] < narrow.low[0] < narrow.high[0] < wide.high[0]


@pytest.mark.parametrize(
    "arguments",
    [
        {"values": np.zeros((2, 2, 2))},
        {"level": 1.0},
        {"users": np.zeros(3, np.int32)},
    ],
)
def test_what_makes_no_sense_is_refused(arguments: dict) -> None:
    with pytest.raises(BadInput):
        mean_intervals(**{"values": np.zeros(5), **arguments})
