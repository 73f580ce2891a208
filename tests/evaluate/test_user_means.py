"""The weighted mean of users: against beta distributions, against drawing, and at the edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from palate.evaluate.user_means import FEWEST, UNSEEN, UserMean


@pytest.mark.parametrize(("hits", "n"), [(0, 50), (1, 50), (3, 50), (20, 50), (8, 400), (50, 50)])
def test_of_hits_it_is_a_beta_distribution(hits: int, n: int) -> None:
    mean = UserMean.of_figures(np.repeat([1.0, 0.0], [hits, n - hits]), 0.0, 1.0)
    # Student's quantile and the wider variance stand in for the normal one
    z = stats.t.ppf(0.975, n - 1) * np.sqrt((n + 1) / (n - 1))
    low = stats.beta.ppf(stats.norm.cdf(-z), hits, n - hits + UNSEEN) if hits else 0.0
    high = stats.beta.ppf(stats.norm.cdf(z), hits + UNSEEN, n - hits) if hits < n else 1.0
    np.testing.assert_allclose(mean.interval(0.95), [low, high], rtol=0.03, atol=1e-9)


def test_it_is_the_bayesian_bootstrap_without_drawing() -> None:
    random = np.random.default_rng(0)
    figures = np.where(random.random(60) < 0.3, random.normal(0.1, 0.3, 60), 0.0)
    mean = UserMean.of_differences(figures)
    weights = random.gamma(np.append(np.ones(60), UNSEEN), size=(200_000, 61))
    drawn = weights @ np.append(figures, mean.below) / weights.sum(axis=1)
    z = stats.norm.ppf(np.mean(drawn <= 0.0)) / np.sqrt(61 / 59)
    assert mean.roots(0.0)[0] == pytest.approx(z, abs=0.02)


figures_of_users = st.lists(
    st.sampled_from([-1.0, -0.5, 0.0, 0.0, 0.0, 0.25, 1.0]), min_size=FEWEST, max_size=40
).map(np.array)


@given(figures_of_users, st.sampled_from([0.8, 0.95, 0.99, 0.9995]))
def test_interval_and_p_value_never_disagree(figures: np.ndarray, level: float) -> None:
    mean = UserMean.of_differences(figures)
    low, high = mean.interval(level)
    p = mean.p_value()
    if abs(p - (1 - level)) > 1e-6:
        assert (p < 1 - level) == (low > 0 or high < 0)
    assert low <= high
    if low < high < 0.99 * mean.above:
        assert mean.p_value(high) == pytest.approx(1 - level, rel=1e-3)


@given(figures_of_users, st.floats(1e-6, 1e6))
def test_units_and_signs_do_not_matter(figures: np.ndarray, unit: float) -> None:
    low, high = UserMean.of_differences(figures).interval(0.95)
    turned = UserMean.of_differences(-unit * figures)
    np.testing.assert_allclose(
        turned.interval(0.95), [-unit * high, -unit * low], rtol=1e-5, atol=1e-9 * unit
    )
    assert turned.p_value() == pytest.approx(UserMean.of_differences(figures).p_value(), rel=1e-4)


def test_many_users_give_the_normal_interval_and_small_p_values() -> None:
    random = np.random.default_rng(1)
    figures = random.normal(0.05, 0.1, 4000)
    mean = UserMean.of_differences(figures)
    half = 1.96 * figures.std() / np.sqrt(4000)
    np.testing.assert_allclose(
        mean.interval(0.95), figures.mean() + half * np.array([-1, 1]), atol=half * 0.05
    )
    few = UserMean.of_differences(figures[:100])
    exact = stats.ttest_1samp(figures[:100], 0).pvalue
    assert exact / 30 < few.p_value() < 30 * exact < 0.01


def test_fewer_users_than_five_have_no_interval() -> None:
    few = UserMean.of_differences(np.ones(FEWEST - 1))
    assert np.isnan([*few.interval(0.95), few.p_value()]).all()
    none = UserMean.of_figures(np.empty(0), 0.0, 1.0)
    assert np.isnan(none.interval(0.95)).all()


def test_nothing_but_zeros() -> None:
    alike = UserMean.of_differences(np.zeros(50))
    assert (*alike.interval(0.95), alike.p_value()) == (0.0, 0.0, 1.0)
    rare = UserMean.of_differences(np.zeros(50), most=1.0)
    low, high = rare.interval(0.95)
    assert -0.07 < low < -0.04
    assert low == pytest.approx(-high)
    assert rare.p_value() == 1.0
    assert UserMean.of_figures(np.zeros(50), 0.0, 1.0).interval(0.95)[0] == 0.0
