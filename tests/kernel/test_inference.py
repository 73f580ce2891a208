"""Means over users, their skewed intervals, and false-discovery correction."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.errors import BadInput
from palate.inference import (
    at_level,
    benjamini_hochberg,
    clustered,
    discovery_level,
    estimate,
    mean_and_error,
    skewness,
)
from palate.tables.estimate import Estimate


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


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.floats(0.01, 0.5))
def test_the_level_of_discoveries_is_where_benjamini_hochberg_draws_the_line(
    p: list[float], q: float
) -> None:
    kept, line = benjamini_hochberg(p) <= q, 1 - discovery_level(p, q, least=0.0)
    for one, is_kept in zip(p, kept, strict=True):
        if abs(one - line) > 1e-9:
            assert (one < line) == is_kept
    assert discovery_level(p, q) == max(0.95, 1 - line)


def test_intervals_of_discoveries_miss_as_rarely_as_promised() -> None:
    """Of many true means of 0 and a few that are not: those that are selected miss their truth in a
    share q; the plain intervals of the selected do so far more often.
    """
    random = np.random.default_rng(0)
    truth = np.repeat([0.0, 0.5], [36, 4])
    wrong = np.zeros((2, 400))
    for i in range(400):
        found = [estimate(float(x), 0.02, 200) for x in random.normal(truth, 0.02**0.5)]
        p = [one.p for one in found]
        kept = benjamini_hochberg(p) <= 0.1
        for row, level in enumerate((discovery_level(p, 0.1), 0.95)):
            widened = [at_level(one, level) for one in found]
            missed = [not w.low <= t <= w.high for w, t in zip(widened, truth, strict=True)]
            wrong[row, i] = np.mean(np.array(missed)[kept]) if kept.any() else 0.0
    assert wrong[0].mean() < 0.1 < wrong[1].mean()


def test_no_p_value_leaves_the_level_as_it_is() -> None:
    assert discovery_level([float("nan")], 0.01) == discovery_level([], 0.01) == 0.95


def test_an_interval_of_another_level_is_the_one_that_was_estimated_at_it() -> None:
    values = np.random.default_rng(3).gamma(0.5, size=80)
    found = clustered(values, np.arange(80))
    for level in (0.5, 0.95, 0.999):
        assert at_level(found, level) == clustered(values, np.arange(80), level)
    unknown = Estimate(1.0, 0.5, 1.5, 0.001, float("nan"), 80)
    assert at_level(unknown, 0.99) is unknown


def test_a_mean_of_cases_and_its_error_leave_out_what_was_not_asked() -> None:
    gain, error = mean_and_error(np.array([0.0, 1.0, np.nan, 2.0]))
    assert gain == 1
    assert error == pytest.approx(1 / 3**0.5)


def test_one_case_proves_nothing() -> None:
    assert mean_and_error(np.array([0.7])) == (0.0, float("inf"))
