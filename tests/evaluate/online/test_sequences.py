"""Intervals that hold at every look, and the naive ones that do not."""

from __future__ import annotations

import numpy as np
import pytest

from palate.errors import BadInput
from palate.evaluate.online.comparison import differences, naive_p, planned_users, sample_ratio
from palate.evaluate.online.sequences import ConfidenceSequence, bounded_sequence
from palate.evaluate.online.users import UserValues, adjusted
from palate.study.online.worlds import made_users

LOOKS = 50
RUNS = 400


def looks(n: int) -> list[int]:
    return np.linspace(n // LOOKS, n, LOOKS).astype(int).tolist()


def first(users: UserValues, n: int, *, cuped: bool) -> UserValues:
    """The first n of them."""
    count = None if users.count is None else users.count[:n]
    before = users.before[:n] if cuped and users.before is not None else None
    return UserValues(users.value[:n], count, before)


def false_alarms(kind: str, *, cuped: bool, naive: bool = False) -> float:
    """Share of A/A experiments that say so at any of 50 looks."""
    wrong = 0
    for run in range(RUNS):
        rng = np.random.default_rng([5, run])
        a, b = (made_users(rng, 2000, kind) for _ in range(2))
        for n in looks(2000):
            pair = [first(one, n, cuped=cuped) for one in (a, b)]
            p = naive_p(*adjusted(pair)) if naive else differences(pair, planned=4000)[0].p
            if p < 0.05:
                wrong += 1
                break
    return wrong / RUNS


@pytest.mark.parametrize("cuped", [False, True])
@pytest.mark.parametrize("kind", ["clicks", "money", "ratio"])
def test_a_against_a_is_wrong_in_one_of_twenty_at_most(kind: str, cuped: bool) -> None:
    assert false_alarms(kind, cuped=cuped) <= 0.05


def test_the_naive_test_is_wrong_far_more_often() -> None:
    assert false_alarms("clicks", cuped=False, naive=True) > 0.20


def test_a_difference_is_found() -> None:
    found = 0
    for run in range(50):
        rng = np.random.default_rng([6, run])
        pair = [made_users(rng, 4000, "clicks", lift) for lift in (0.0, 0.05)]
        found += differences(pair, planned=8000)[0].low > 0
    assert found == 50


def test_p_and_interval_say_the_same() -> None:
    rng = np.random.default_rng(0)
    for lift in np.linspace(0, 0.05, 30):
        (found,) = differences(
            [made_users(rng, 800, "clicks"), made_users(rng, 800, "clicks", lift)]
        )
        assert (found.p < 0.05) == (found.low > 0 or found.high < 0)


def test_it_is_tightest_where_it_was_planned_to_be() -> None:
    n = np.array([1000.0])
    widths = {
        planned: float(ConfidenceSequence(0.05, planned).half_width(1.0, n)[0])
        for planned in (100, 300, 1000, 3000, 10_000)
    }
    assert min(widths, key=lambda planned: widths[planned]) == 1000


def test_several_variants_share_the_error() -> None:
    rng = np.random.default_rng(1)
    users = [made_users(rng, 500, "clicks") for _ in range(3)]
    two, three = differences(users[:2])[0], differences(users)[0]
    assert three.high - three.low > two.high - two.low


class TestCuped:
    def test_variance_falls_by_the_squared_correlation(self) -> None:
        rng = np.random.default_rng(2)
        ratios = []
        for _ in range(200):
            before = rng.normal(size=2000)
            value = 0.6 * before + 0.8 * rng.normal(size=2000)
            (parts,) = adjusted([UserValues(value, None, before)])
            ratios.append(parts.var() / value.var())
        assert np.mean(ratios) == pytest.approx(1 - 0.6**2, rel=0.02)

    def test_the_difference_stays_what_it_is(self) -> None:
        rng = np.random.default_rng(3)
        found, plain = [], []
        for _ in range(300):
            pair = [made_users(rng, 500, "money", lift) for lift in (0.0, 0.2)]
            found.append(differences(pair)[0].value)
            plain.append(differences([UserValues(one.value) for one in pair])[0].value)
        assert np.mean(found) == pytest.approx(np.mean(plain), abs=4 * np.std(plain) / np.sqrt(300))
        assert np.std(found) < np.std(plain)

    def test_new_users_have_no_before(self) -> None:
        value = np.array([1.0, 2.0, 3.0, 4.0])
        (parts,) = adjusted([UserValues(value, None, np.array([np.nan, 1.0, 2.0, np.nan]))])
        assert np.isfinite(parts).all()
        assert parts.mean() == pytest.approx(2.5)
        (parts,) = adjusted([UserValues(value, None, np.full(4, np.nan))])
        assert parts.tolist() == value.tolist()

    def test_how_much_was_saved_is_told(self) -> None:
        rng = np.random.default_rng(4)
        (found,) = differences([made_users(rng, 3000, "money") for _ in range(2)])
        assert 0.05 < found.saved < 0.6


class TestBounded:
    @pytest.mark.parametrize("p", [0.02, 0.3, 0.9])
    def test_it_holds_at_all_looks(self, p: float) -> None:
        missed = 0
        for run in range(RUNS):
            values = (np.random.default_rng([8, run]).random(1000) < p).astype(float)
            low, high = bounded_sequence(values)
            missed += bool(((low > p) | (high < p)).any())
        assert missed / RUNS <= 0.05

    def test_it_closes_in(self) -> None:
        values = (np.random.default_rng(9).random(20_000) < 0.3).astype(float)
        low, high = bounded_sequence(values)
        assert high[-1] - low[-1] < 0.05
        assert (np.diff(low) >= 0).all()
        assert (np.diff(high) <= 0).all()

    def test_values_outside(self) -> None:
        with pytest.raises(BadInput, match="0 to 1"):
            bounded_sequence(np.array([0.5, 1.5]))


class TestSampleRatio:
    def test_52_to_48_is_found_at_20_000_users(self) -> None:
        rng = np.random.default_rng(10)
        found = [
            sample_ratio([int(n), 20_000 - int(n)], [0.5, 0.5]) < 0.001
            for n in rng.binomial(20_000, 0.52, 10_000)
        ]
        assert np.mean(found) >= 0.985  # .991 in theory

    def test_a_right_split_raises_no_alarm(self) -> None:
        rng = np.random.default_rng(11)
        alarms = [
            sample_ratio([int(n), 20_000 - int(n)], [0.5, 0.5]) < 0.001
            for n in rng.binomial(20_000, 0.5, 4000)
        ]
        assert np.mean(alarms) <= 0.003

    def test_nobody(self) -> None:
        assert sample_ratio([0, 0], [0.5, 0.5]) == 1.0


class TestPlan:
    def test_the_planned_number_finds_it(self) -> None:
        n = planned_users(0.05, 0.25)
        found = 0
        for run in range(200):
            rng = np.random.default_rng([12, run])
            pair = [UserValues((rng.random(n // 2) < p).astype(float)) for p in (0.475, 0.525)]
            found += differences(pair, planned=n)[0].low > 0
        assert 0.7 < found / 200 < 0.95

    def test_smaller_differences_need_more(self) -> None:
        assert planned_users(0.01, 0.25) > 10 * planned_users(0.05, 0.25)

    @pytest.mark.parametrize("smallest", [0.0, -1.0])
    def test_refusals(self, smallest: float) -> None:
        with pytest.raises(BadInput, match="above 0"):
            planned_users(smallest, 1.0)


class TestRefusals:
    def test_one_variant(self) -> None:
        with pytest.raises(BadInput, match="1 variants"):
            differences([UserValues(np.ones(3))])

    def test_columns_of_other_lengths(self) -> None:
        with pytest.raises(BadInput, match="before"):
            UserValues(np.ones(3), None, np.ones(2))

    @pytest.mark.parametrize(("alpha", "planned"), [(0.0, 10), (1.0, 10), (0.05, 0)])
    def test_settings(self, alpha: float, planned: int) -> None:
        with pytest.raises(BadInput, match="alpha"):
            ConfidenceSequence(alpha, planned)

    def test_few_users_say_nothing(self) -> None:
        (found,) = differences([UserValues(np.ones(5)), UserValues(np.zeros(5))])
        assert (found.low, found.high, found.p) == (-np.inf, np.inf, 1.0)
