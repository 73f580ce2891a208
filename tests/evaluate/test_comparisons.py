"""Paired tests: against scipy, under the null, and for families of comparisons."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from palate.errors import BadInput
from palate.evaluate.comparisons import compare, compare_family, holm, holm_levels


def null_p(clustered, n_users: int, by_user: bool, simulations: int) -> np.ndarray:
    """p values of two models that are alike, on cases that hang together within users."""
    found = []
    for i in range(simulations):
        random = np.random.default_rng(i)
        a, users = clustered(random, n_users)
        # The second model swaps ahead and behind by user, so neither is better.
        lead = random.normal(0, 0.3, n_users)[users]
        found.append(compare(a + lead, a, users if by_user else None).p)
    return np.array(found)


def test_one_case_a_user_is_nearly_the_paired_t_test() -> None:
    random = np.random.default_rng(0)
    a, b = random.random(50), random.random(50)
    found, exact = compare(a, b), stats.ttest_rel(a, b)
    assert found.p == pytest.approx(exact.pvalue, abs=0.05)
    assert found.difference == pytest.approx((a - b).mean())
    ends = exact.confidence_interval()
    np.testing.assert_allclose([found.low, found.high], [ends.low, ends.high], atol=0.01)
    assert (found.n_users, found.p_adjusted, found.level) == (50, found.p, 0.95)


def test_p_values_are_uniform_when_models_are_alike(clustered, binomial_bounds) -> None:
    p = null_p(clustered, 60, by_user=True, simulations=600)
    low, high = binomial_bounds(600, 0.05)
    assert low <= np.mean(p < 0.05) <= high
    assert stats.kstest(p, "uniform").pvalue > 0.001


def test_p_values_of_single_cases_are_not(clustered) -> None:
    """The negative control: cases taken for independent find differences that are not there."""
    assert np.mean(null_p(clustered, 60, by_user=False, simulations=200) < 0.05) > 0.15


def test_a_real_difference_is_found(clustered) -> None:
    a, users = clustered(np.random.default_rng(3), 60)
    found = compare(a + 0.05 + np.random.default_rng(4).normal(0, 0.1, len(a)), a, users)
    assert found.low > 0
    assert found.p < 0.001


def test_few_users_never_alarm_too_often(binomial_bounds) -> None:
    random = np.random.default_rng(0)
    p = np.array([compare(random.standard_cauchy(6), np.zeros(6)).p for _ in range(400)])
    for level in (0.05, 0.1, 0.25):
        assert np.mean(p <= level) <= binomial_bounds(400, level)[1]


def test_models_that_answer_alike() -> None:
    found = compare(np.ones(40), np.ones(40))
    assert (found.difference, found.low, found.high, found.p) == (0, 0, 0, 1)
    known = compare(np.ones(40), np.ones(40), most=1.0)
    assert (known.difference, known.p) == (0, 1)
    assert -0.1 < known.low < -0.04
    assert compare(np.ones(40), np.zeros(40)).p < 1e-6


def test_cases_that_one_model_lacks_are_left_out() -> None:
    a, b = np.array([1.0, np.nan, 2.0, 4.0]), np.array([0.0, 5.0, np.nan, 1.0])
    found = compare(a, b)
    assert (found.difference, found.n_users) == (2.0, 2)
    assert np.isnan([found.p, found.low, found.p_adjusted]).all()


def test_a_family_has_one_verdict_for_interval_and_p_value() -> None:
    """The correction is in both: an interval excludes 0 just where the corrected p is small."""
    random = np.random.default_rng(0)
    for _ in range(60):
        strength = random.choice([0.0, 0.06, 0.12, 0.3], 5)
        differences = random.normal(strength, 0.3, (60, 5))
        family = compare_family(differences)
        alone = [compare(one, np.zeros(60)) for one in differences.T]
        corrected = holm([one.p for one in alone])
        for one, plain, p in zip(family, alone, corrected, strict=True):
            assert one.p_adjusted == p >= one.p == plain.p
            assert (one.low > 0 or one.high < 0) == (p < 0.05)
            assert one.low <= plain.low <= one.difference <= plain.high <= one.high
            assert one.level >= 0.95


def test_levels_of_a_family_by_hand() -> None:
    np.testing.assert_allclose(
        holm_levels([0.04, 0.01, 0.03]), [0.95 + 0.05 / 3, 1 - 0.05 / 3, 0.975]
    )
    np.testing.assert_allclose(holm_levels([0.0, None], 0.9), [0.9, 0.9])
    assert holm_levels([]).tolist() == []


def test_other_cases_are_refused() -> None:
    with pytest.raises(BadInput):
        compare(np.zeros(3), np.zeros(4))
    with pytest.raises(BadInput):
        compare(np.zeros((3, 1)), np.zeros((3, 1)))


def test_holm_by_hand() -> None:
    assert holm([0.02]).tolist() == [0.02]
    np.testing.assert_allclose(holm([0.04, 0.01, 0.03, 0.005]), [0.06, 0.03, 0.06, 0.02])
    np.testing.assert_allclose(holm([0.5, 0.6, 0.9]), [1, 1, 1])
    np.testing.assert_allclose(holm([0.01, None, 0.02, np.nan]), [0.02, np.nan, 0.02, np.nan])
    assert holm([]).tolist() == []


def test_holm_keeps_false_alarms_of_a_family_below_the_level(binomial_bounds) -> None:
    random = np.random.default_rng(7)
    # Ten comparisons that share a baseline, so they hang together.
    z = (random.standard_normal((800, 10)) + random.standard_normal((800, 1))) / np.sqrt(2)
    p = 2 * stats.norm.sf(np.abs(z))
    corrected = np.mean([(holm(row) < 0.05).any() for row in p])
    assert corrected <= binomial_bounds(800, 0.05)[1]
    # The negative control: without correction a false alarm is the rule.
    assert np.mean((p < 0.05).any(axis=1)) > 0.2


def test_holm_finds_at_least_what_bonferroni_finds() -> None:
    p = np.random.default_rng(0).random(30) ** 4
    assert np.all(holm(p) <= np.minimum(p * 30, 1) + 1e-15)
    assert np.all(holm(p) >= p)
