"""Lifts in per cent: against drawing, against the difference, coverage, and what has none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.errors import BadInput
from palate.evaluate.comparisons import compare
from palate.evaluate.ratios import lift
from palate.testing.rare_hits import DISCOUNTS


def two_models(
    n: int, rate: float, ahead: float, seed: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """Figures of two models that agree on 6 users in 10, and the true lift."""
    random = np.random.default_rng(seed)
    b = np.where(random.random(n) < rate, random.choice(DISCOUNTS, n), 0.0)
    other = np.where(random.random(n) < rate * ahead, random.choice(DISCOUNTS, n), 0.0)
    return np.where(random.random(n) < 0.6, b, other), b, 100 * (0.6 + 0.4 * ahead - 1)


def test_of_many_users_it_is_the_bootstrap_of_the_ratio() -> None:
    a, b, _ = two_models(2000, 0.3, 1.5, 0)
    found, random = lift(a, b), np.random.default_rng(1)
    rows = (random.integers(0, 2000, 2000) for _ in range(1500))
    drawn = [100 * (a[r].mean() / b[r].mean() - 1) for r in rows]
    assert found is not None
    assert found.value == pytest.approx(100 * (a.mean() / b.mean() - 1))
    np.testing.assert_allclose(
        [found.low, found.high], np.quantile(drawn, [0.025, 0.975]), atol=np.ptp(drawn) * 0.03
    )


@pytest.mark.parametrize(("n", "rate", "ahead"), [(100, 0.1, 1.0), (300, 0.1, 1.3)])
def test_intervals_hold_the_true_lift(n: int, rate: float, ahead: float, binomial_bounds) -> None:
    inside, narrow, given_ = 0, 0, 0
    for seed in range(60):
        a, b, truth = two_models(n, rate, ahead, seed)
        found = lift(a, b)
        if found is not None:
            given_ += 1
            inside += found.low <= truth <= found.high
            # the negative control takes the base for exact: where it is low by chance, so is its
            # error
            plain = compare(a, b)
            scale = 100 / b.mean()
            narrow += scale * plain.low <= truth <= scale * plain.high
    assert given_ > 50
    assert inside / given_ >= binomial_bounds(given_, 0.95)[0]
    if ahead == 1.3:
        assert narrow <= inside


@given(st.integers(0, 10_000))
def test_it_excludes_zero_just_where_the_difference_does(seed: int) -> None:
    a, b, _ = two_models(60, 0.4, 2.0, seed)
    found, difference = lift(a, b), compare(a, b, most=1.0)
    if found is not None and abs(difference.p - 0.05) > 1e-4:
        assert (found.low > 0 or found.high < 0) == (difference.p < 0.05)
        assert found.low <= found.value <= found.high


def test_impossible_figures_do_not_come_out() -> None:
    random = np.random.default_rng(0)
    b = (random.random(300) < 0.3).astype(float)
    lost = lift(np.zeros(300), b)
    assert lost is not None
    assert lost.low == lost.value == -100
    assert -100 < lost.high < -90
    few = lift(np.where(np.arange(300) == np.flatnonzero(b)[0], 1.0, 0.0), b)
    assert few is not None
    assert -100 <= few.low < few.value < few.high < 0
    alike = lift(b, b)
    assert alike is not None
    assert -10 < alike.low < alike.value == 0 < alike.high < 10


def test_a_base_that_is_not_clearly_above_zero_has_no_lift() -> None:
    rare = np.repeat([1.0, 0.0], [2, 98])
    assert lift(np.ones(100), rare) is None
    assert lift(np.ones(100), np.zeros(100)) is None
    assert lift(np.ones(4), np.ones(4)) is None
    assert lift(np.full(9, np.nan), np.ones(9)) is None


def test_cases_of_one_user_are_not_independent() -> None:
    a, b, _ = two_models(100, 0.3, 1.5, 2)
    one, again = lift(a, b), lift(np.tile(a, 3), np.tile(b, 3), np.tile(np.arange(100), 3))
    assert one is not None
    assert again is not None
    np.testing.assert_allclose([one.low, one.high], [again.low, again.high], rtol=1e-6)


def test_figures_that_make_no_sense_are_refused() -> None:
    for a, b in (
        (np.zeros(3), np.zeros(4)),
        (-np.ones(9), np.ones(9)),
        (np.ones(9), 2 * np.ones(9)),
    ):
        with pytest.raises(BadInput):
            lift(a, b)
