"""What every policy that learns from rewards has to keep, besides `PolicyContract`."""

from __future__ import annotations

import numpy as np
import pytest

from palate.acting import LearnsFromRewards
from palate.arrays import Doubles
from palate.errors import BadInput
from palate.seeding import generator
from palate.stages import Policy
from palate.tables.offers import Offers
from palate.tables.rewards import Rewards
from palate.testing.policy import made_offers

_SLACK = 1e-6


def made_rewards(n: int = 300, d: int = 3, seed: int = 0) -> Rewards:
    """Clicks that the first feature makes likely and the second unlikely, with weights and times;
    of rewards that were shown at one time some may be forgotten, so each has a time of its own.
    """
    rng = generator(seed, "made rewards")
    X = rng.normal(size=(n, d)).astype(np.float32)
    click = rng.random(n) < 1 / (1 + np.exp(-(2 * X[:, 0] - X[:, 1])))
    return Rewards(X, click.astype(np.float64), rng.random(n), rng.permutation(n).astype(np.int64))


def part_of(rewards: Rewards, rows: slice | np.ndarray) -> Rewards:
    """Some of the rewards."""
    return Rewards(
        rewards.features[rows], rewards.reward[rows], rewards.weights[rows], rewards.times[rows]
    )


class LearningPolicyContract:
    """Give the policy, before it has learnt, by overriding the fixture `part`."""

    @pytest.fixture
    def part(self) -> Policy:
        """The policy that is tried."""
        raise NotImplementedError("give the policy: override the fixture `part`")

    def test_it_learns_what_is_better(self, part: Policy) -> None:
        """The candidate that rewards speak for is shown more often than before."""
        features = np.array([[[1.5, -1, 0], [-1.5, 1, 0]]], np.float32)
        offers = Offers(np.zeros((1, 2), np.float32), None, features)
        share = _shares(_learnt(part, made_rewards()), offers)
        assert share[0, 0] > 0.8

    def test_batches_and_their_order_do_not_matter(self, part: Policy) -> None:
        """Rewards at once, in two batches, and in two batches the wrong way round."""
        rewards, offers = made_rewards(), made_offers()
        first, rest = part_of(rewards, slice(0, 90)), part_of(rewards, slice(90, None))
        whole = _shares(_learnt(part, rewards), offers)
        for batches in ((first, rest), (rest, first)):
            assert np.abs(_shares(_learnt(part, *batches), offers) - whole).max() < _SLACK

    def test_no_rewards_change_nothing(self, part: Policy) -> None:
        """An empty batch."""
        rewards, offers = made_rewards(), made_offers()
        once = _learnt(part, rewards)
        again = _learnt(once, part_of(rewards, slice(0, 0)))
        assert np.array_equal(_shares(once, offers), _shares(again, offers))

    def test_a_weight_of_two_is_the_same_reward_twice(self, part: Policy) -> None:
        """And one of 0 is none."""
        rewards, offers = made_rewards(40), made_offers()
        w = np.where(np.arange(40) < 20, 1.0, 2.0)
        twice = np.concatenate([np.arange(40), np.arange(20, 40)])
        rows = Rewards(rewards.features, rewards.reward, w, rewards.times)
        repeated = Rewards(
            rewards.features[twice], rewards.reward[twice], None, rewards.times[twice]
        )
        share = _shares(_learnt(part, rows), offers)
        assert np.abs(share - _shares(_learnt(part, repeated), offers)).max() < _SLACK

    def test_the_one_before_goes_on_as_it_was(self, part: Policy) -> None:
        """`updated` changes nothing of the policy that it was called on."""
        offers = made_offers()
        before = _shares(part, offers)
        _learnt(part, made_rewards())
        assert np.array_equal(before, _shares(part, offers))

    def test_state_and_load(self, part: Policy) -> None:
        """What was learnt, in another process."""
        offers = made_offers()
        learnt = _learnt(part, made_rewards())
        expected, state = _shares(learnt, offers), _learns(learnt).state()
        other = _learnt(part, made_rewards(20, seed=5))
        again = _learns(other).load(state)
        assert np.abs(_shares(_policy(again), offers) - expected).max() < _SLACK
        further = made_rewards(50, seed=1)
        assert np.allclose(
            _shares(_learnt(_policy(again), further), offers),
            _shares(_learnt(learnt, further), offers),
            atol=_SLACK,
        )

    def test_the_state_of_one_that_learnt_nothing(self, part: Policy) -> None:
        """It is a state like any other."""
        offers, before = made_offers(), _shares(part, made_offers())
        again = _learns(part).load(_learns(part).state())
        assert np.array_equal(_shares(_policy(again), offers), before)

    def test_features_of_another_width_are_refused(self, part: Policy) -> None:
        """In rewards and in offers."""
        learnt = _learnt(part, made_rewards())
        with pytest.raises(BadInput, match="features"):
            _learnt(learnt, made_rewards(d=4))
        with pytest.raises(BadInput, match="features"):
            _shares(learnt, made_offers(d=4))


def _learns(policy: object) -> LearnsFromRewards:
    assert isinstance(policy, LearnsFromRewards), "it does not say that it learns from rewards"
    return policy


def _learnt(policy: Policy, *batches: Rewards) -> Policy:
    learner = _learns(policy)
    for batch in batches:
        learner = learner.updated(batch)
    return _policy(learner)


def _policy(learner: object) -> Policy:
    policy: Policy = learner  # type: ignore[assignment]  # it is both: the contract's fixture says so
    return policy


def _shares(policy: Policy, offers: Offers) -> Doubles:
    return policy.probabilities(offers, generator(1, "contract of learning"))
