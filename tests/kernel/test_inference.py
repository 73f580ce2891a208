"""Means over users, their skewed intervals, and false-discovery correction."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.errors import BadInput
from palate.inference import benjamini_hochberg, clustered, estimate, mean_and_error, skewness


def test_one_observation_a_user_is_the_t_test() -> None:
    from scipy import stats

    values = np.random.default_rng(1).normal(0.3, 1, 40)
    found = clustered(values, np.arange(40))
    plain = stats.ttest_1samp(values, 0)
    assert found.value == pytest.approx(values.mean())
    assert found.error == pytest.approx(values.std(ddof=1) / np.sqrt(40))
    # the p value differs from the plain t only by the correction for skewness
    assert estimate(found.value, found.error**2, 40).p == pytest.approx(plain.pvalue)


def test_repeating_every_user_changes_nothing() -> None:
    values = np.random.default_rng(2).gamma(1.0, size=60)
    once, often = (
        clustered(values, np.arange(60)),
        clustered(np.repeat(values, 7), np.repeat(np.arange(60), 7)),
    )
    assert (once.value, once.low, once.high, once.p) == pytest.approx(
        (often.value, often.low, often.high, often.p)
    )


def test_interval_and_p_agree() -> None:
    for shift in np.linspace(-0.5, 0.5, 21):
        values = np.random.default_rng(3).gamma(0.5, size=80) - 0.5 + shift
        found = clustered(values, np.arange(80))
        assert (found.p < 0.05) == (not found.low <= 0 <= found.high)


def test_skewed_interval_leans_to_the_long_tail() -> None:
    values = np.random.default_rng(4).gamma(0.2, size=60)
    found = clustered(values, np.arange(60))
    assert found.high - found.value > found.value - found.low


def test_edges() -> None:
    assert np.isnan(clustered(np.ones(3), np.zeros(3)).p)
    assert clustered(np.zeros(4), np.arange(4)).p == 1.0
    assert clustered(np.ones(4), np.arange(4)).p == 0.0
    assert skewness(np.zeros(3)) == 0.0
    with pytest.raises(BadInput):
        clustered(np.empty(0), np.empty(0))
    with pytest.raises(BadInput):
        clustered(np.ones(2), np.ones(3))


@given(st.lists(st.one_of(st.floats(0, 1), st.just(float("nan"))), max_size=30))
def test_benjamini_hochberg_is_what_scipy_computes(p: list[float]) -> None:
    from scipy import stats

    found = benjamini_hochberg(p)
    given_p = np.array(p)
    there = ~np.isnan(given_p)
    assert np.isnan(found[~there]).all()
    if there.any():
        assert found[there] == pytest.approx(stats.false_discovery_control(given_p[there]))


def test_a_mean_of_cases_and_its_error_leave_out_what_was_not_asked() -> None:
    gain, error = mean_and_error(np.array([0.0, 1.0, np.nan, 2.0]))
    assert gain == 1
    assert error == pytest.approx(1 / 3**0.5)


def test_one_case_proves_nothing() -> None:
    assert mean_and_error(np.array([0.7])) == (0.0, float("inf"))
