"""Team-draft: fair in every case, and sharper than splitting users."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from palate.errors import BadInput
from palate.evaluate.online.interleaving import Interleaved, preference, team_draft
from palate.study.online.worlds import WORLDS, ClickWorld, power


class Order:
    """A generator whose permutations are given: every case in turn."""

    def __init__(self, orders: tuple[tuple[int, ...], ...]) -> None:
        self._orders = iter(orders)

    def permutation(self, n: int) -> np.ndarray:
        return np.array(next(self._orders))


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5])
def test_every_case_is_fair(length: int) -> None:
    """All lists up to length 5 against all orders of picks: each ranker picks first in half of the
    cases, and after each turn both have as many picks while both have items left.
    """
    items = list(range(length))
    for other in itertools.permutations(items):
        first = 0
        cases = list(itertools.product([(0, 1), (1, 0)], repeat=length))
        for orders in cases:
            found: Interleaved[int] = team_draft([items, other], length, Order(orders))  # type: ignore[arg-type]
            assert sorted(found.items) == items
            first += found.team[0] == 0
            for turn in range(2, length + 1, 2):
                assert found.team[:turn].count(0) == turn // 2
        assert 2 * first == len(cases)


def test_many_rankers_and_short_rankings() -> None:
    rng = np.random.default_rng(0)
    found = team_draft([["a", "b"], ["a"], ["c", "a", "d"]], 10, rng)
    assert sorted(found.items) == ["a", "b", "c", "d"]
    assert len(found.team) == 4


def test_equal_rankings_share_the_credit() -> None:
    rng = np.random.default_rng(1)
    credit = np.zeros(2)
    for _ in range(4000):
        found = team_draft([range(5), range(5)], 5, rng)
        own = found.credit([0, 1])
        credit[: len(own)] += own
    assert credit[0] / credit.sum() == pytest.approx(0.5, abs=0.02)


def test_no_difference_is_told_in_one_of_twenty() -> None:
    world = ClickWorld(1.0, 0.9, 0.0)
    told = [world.interleaved(np.random.default_rng([2, r]), 60) < 0.05 for r in range(200)]
    assert np.mean(told) <= 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / 200)


@pytest.mark.parametrize("name", ["active ones", "impatient"])
def test_a_fifth_of_the_users_finds_as_much(name: str) -> None:
    world = WORLDS[name]
    assert power(world, "interleaved", 60) >= power(world, "split", 300)


class TestRefusals:
    def test_one_ranking(self) -> None:
        with pytest.raises(BadInput, match="1 rankings"):
            team_draft([[1, 2]], 2, np.random.default_rng(0))

    def test_no_clicks(self) -> None:
        with pytest.raises(BadInput, match="click"):
            preference(np.zeros((3, 2)), np.arange(3, dtype=np.int32))

    def test_clicks_on_other_items_are_passed_over(self) -> None:
        assert Interleaved((1, 2), (0, 1)).credit([2, 9]).tolist() == [0.0, 1.0]
