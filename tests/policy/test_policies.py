"""Policies that go by scores."""

from __future__ import annotations

import numpy as np
import pytest

from palate import registry
from palate.errors import BadInput, PalateError
from palate.policy.drawn import drawn_lists
from palate.policy.epsilon_greedy import EpsilonGreedy, EpsilonGreedySettings
from palate.policy.softmax import Softmax, SoftmaxSettings
from palate.seeding import generator
from palate.stages import Policy
from palate.tables.offers import Offers
from palate.testing.policy import PolicyContract

SCORES = np.array([[3.0, 1.0, 2.0, 3.0]], np.float32)


class TestEpsilonGreedy:
    @pytest.fixture
    def part(self) -> Policy:
        return EpsilonGreedy()

    def test_several_best_share(self) -> None:
        found = EpsilonGreedy(EpsilonGreedySettings(0.2)).probabilities(
            Offers(SCORES), generator(0, "t")
        )
        assert found.tolist() == [pytest.approx([0.45, 0.05, 0.05, 0.45])]


class TestGreedy(PolicyContract):
    @pytest.fixture
    def part(self) -> Policy:
        return EpsilonGreedy(EpsilonGreedySettings(0.0))

    def test_the_list_is_in_order_of_scores(self) -> None:
        offers = Offers(np.array([[1.0, 4.0, 2.0, 3.0]], np.float32))
        found = drawn_lists(EpsilonGreedy(EpsilonGreedySettings(0.0)), offers, 3, generator(0, "t"))
        assert found.columns.tolist() == [[1, 3, 2]]
        assert found.propensities.tolist() == [[1.0, 1.0, 1.0]]


class TestSoftmax(PolicyContract):
    @pytest.fixture
    def part(self) -> Policy:
        return Softmax(SoftmaxSettings(temperature=0.7, explore=0.1))

    def test_by_hand(self) -> None:
        settings = SoftmaxSettings(temperature=2.0, scaled=False)
        found = Softmax(settings).probabilities(Offers(SCORES), generator(0, "t"))
        weight = np.exp(SCORES[0] / 2)
        assert found[0] == pytest.approx(weight / weight.sum())

    def test_one_temperature_suits_every_scale(self) -> None:
        once, again = (
            Softmax().probabilities(Offers(scale * SCORES), generator(0, "t"))
            for scale in (np.float32(1), np.float32(1000))
        )
        assert once == pytest.approx(again)

    def test_no_propensity_is_below_its_share_of_exploration(self) -> None:
        policy = Softmax(SoftmaxSettings(temperature=0.001, explore=0.2))
        found = policy.probabilities(Offers(SCORES), generator(0, "t"))
        assert found.min() == pytest.approx(0.05)

    def test_huge_scores(self) -> None:
        policy = Softmax(SoftmaxSettings(scaled=False))
        found = policy.probabilities(Offers(np.float32(1e30) * SCORES), generator(0, "t"))
        assert found[0] == pytest.approx([0.5, 0, 0, 0.5])


def test_the_propensity_of_a_position_is_given_those_above_it() -> None:
    """Every list of two, against the probability of drawing it."""
    policy = Softmax(SoftmaxSettings(scaled=False))
    offers = Offers(np.repeat(SCORES[:, :3], 40_000, axis=0))
    found = drawn_lists(policy, offers, 2, generator(1, "t"))
    pairs, count = np.unique(found.columns, axis=0, return_counts=True)
    assert len(pairs) == 6
    for pair, n in zip(pairs, count, strict=True):
        p = found.propensities[(found.columns == pair).all(axis=1)].prod(axis=1)
        assert np.ptp(p) < 1e-12
        assert n / 40_000 == pytest.approx(p[0], abs=5 * np.sqrt(p[0] * (1 - p[0]) / 40_000))


class TestRefusals:
    def test_scores_of_another_shape(self) -> None:
        with pytest.raises(BadInput, match="scores"):
            Offers(SCORES[0])
        with pytest.raises(BadInput, match="allowed"):
            Offers(SCORES, np.ones((1, 3), np.bool_))
        with pytest.raises(BadInput, match="features"):
            Offers(SCORES, None, np.ones((1, 3, 2), np.float32))

    def test_scores_that_are_no_numbers(self) -> None:
        with pytest.raises(BadInput, match="finite"):
            Offers(np.array([[1.0, np.nan]], np.float32))

    def test_a_list_of_nothing(self) -> None:
        with pytest.raises(BadInput, match="k is 0"):
            drawn_lists(Softmax(), Offers(SCORES), 0, generator(0, "t"))

    def test_a_policy_that_gives_shares_to_what_is_closed(self) -> None:
        class Careless:
            def probabilities(self, offers: Offers, rng: np.random.Generator) -> np.ndarray:
                return np.full(offers.scores.shape, 0.25)

        closed = Offers(SCORES, np.array([[True, True, False, True]]))
        with pytest.raises(BadInput, match="not allowed"):
            drawn_lists(Careless(), closed, 1, generator(0, "t"))

    @pytest.mark.parametrize(
        "table",
        [
            {"part": "policy.softmax.v1", "temperature": 0},
            {"part": "policy.epsilon_greedy.v1", "epsilon": 1.5},
        ],
    )
    def test_settings(self, table: dict[str, object]) -> None:
        with pytest.raises(PalateError, match=r"temperature|epsilon"):
            registry.spec(table, "policy")
