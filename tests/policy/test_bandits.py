"""Policies that learn from rewards."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import minimize

from palate import registry
from palate.errors import BadInput, PalateError
from palate.policy.bandits.best_of_samples import shares_of_best
from palate.policy.bandits.kept_rewards import KeptRewards
from palate.policy.bandits.lin_ucb import LinUcb, LinUcbSettings
from palate.policy.bandits.linear import LineSettings
from palate.policy.bandits.linear_thompson import LinearThompson, LinearThompsonSettings
from palate.policy.bandits.logistic_thompson import LogisticThompson, LogisticThompsonSettings
from palate.policy.bandits.sums import RewardSums
from palate.policy.drawn import drawn_lists
from palate.policy.safe_start import SafeStart, SafeStartSettings
from palate.policy.softmax import Softmax, SoftmaxSettings
from palate.seeding import generator
from palate.stages import Policy
from palate.tables.offers import Offers
from palate.tables.rewards import Rewards
from palate.testing.learning_policy import LearningPolicyContract, made_rewards
from palate.testing.policy import PolicyContract, made_offers

SOME = LinearThompsonSettings(samples=16, explore=0.1)


class TestLearntUcb(PolicyContract):
    @pytest.fixture
    def part(self) -> Policy:
        return LinUcb().updated(made_rewards())


class TestLearntThompson(PolicyContract):
    @pytest.fixture
    def part(self) -> Policy:
        return LinearThompson(SOME).updated(made_rewards(30))


class TestLearntLogistic(PolicyContract):
    @pytest.fixture
    def part(self) -> Policy:
        return LogisticThompson(LogisticThompsonSettings(16, explore=0.1)).updated(made_rewards(30))


class TestForgetful(LearningPolicyContract):
    @pytest.fixture
    def part(self) -> Policy:
        return LinUcb(LinUcbSettings(line=LineSettings(half_life=40.0)))


class TestForgetfulLogistic(LearningPolicyContract):
    @pytest.fixture
    def part(self) -> Policy:
        return LogisticThompson(LogisticThompsonSettings(half_life=80.0, memory=100))


class TestLine:
    def test_the_mean_is_that_of_ridge_regression(self) -> None:
        rewards = made_rewards(50)
        X = np.hstack([rewards.features, np.ones((50, 1))]).astype(np.float64)
        W = np.diag(rewards.weights)
        expected = np.linalg.solve(X.T @ W @ X + np.eye(4) / 0.25, X.T @ W @ rewards.reward)
        found = RewardSums.none(3).plus(rewards, None).belief(0.5, None)
        assert found.mean == pytest.approx(expected)

    def test_the_bound_by_hand(self) -> None:
        X = np.array([[1.0], [1.0], [-1.0]], np.float32)
        learnt = LinUcb(LinUcbSettings(2.0, 0.0, LineSettings(noise=0.5))).updated(
            Rewards(X, np.array([1.0, 0.0, 0.0]))
        )
        A = np.array([[3 + 1, 1], [1, 3 + 1.0]])
        mean = np.linalg.solve(A, [1.0, 1.0])
        v = np.array([[2.0, 1], [-2.0, 1]])
        bound = v @ mean + 2 * 0.5 * np.sqrt(np.einsum("ij,jk,ik->i", v, np.linalg.inv(A), v))
        offers = Offers(np.zeros((1, 2), np.float32), None, np.array([[[2.0], [-2.0]]], np.float32))
        assert learnt.probabilities(offers, generator(0, "t"))[0, int(bound.argmax())] == 1

    def test_noise_as_the_rewards_say(self) -> None:
        rng = generator(0, "t")
        X = rng.normal(size=(4000, 3)).astype(np.float32)
        y = X @ np.array([1.0, -1.0, 0.5]) + 0.3 * rng.normal(size=4000)
        learnt = LinUcb().updated(Rewards(X, y))
        _, error = learnt.expected(np.eye(3, dtype=np.float32)[:1])
        assert error[0] == pytest.approx(0.3 / np.sqrt(4000), rel=0.1)

    def test_half_lives(self) -> None:
        """A reward two half-lives old counts a quarter, whenever it arrives."""
        X, y = np.ones((2, 1), np.float32), np.array([1.0, 0.0])
        old, new = (Rewards(X[[i]], y[[i]], None, np.array([t])) for i, t in ((0, 0), (1, 20)))
        sums = RewardSums.none(1).plus(new, 10.0).plus(old, 10.0)
        assert sums.weight == pytest.approx(1.25)
        assert sums.products[0] == pytest.approx(0.25)


class TestLogistic:
    def test_the_mode_by_another_optimiser(self) -> None:
        rewards = made_rewards(200)
        X = np.hstack([rewards.features, np.ones((200, 1))])

        def loss(beta: np.ndarray) -> float:
            z = X @ beta
            return float(
                rewards.weights @ (np.logaddexp(0, z) - rewards.reward * z) + beta @ beta / 2 / 4
            )

        expected = minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-9}).x
        found = KeptRewards.none(3).plus(rewards, 1000).belief(2.0, None)
        assert found.mean == pytest.approx(expected, abs=1e-5)

    def test_rewards_far_from_the_origin(self) -> None:
        """Newton's steps alone would run away."""
        X = np.full((50, 1), 200, np.float32)
        learnt = LogisticThompson(LogisticThompsonSettings(prior=100.0)).updated(
            Rewards(X, np.ones(50))
        )
        mean, error = learnt.expected(np.ones((1, 1), np.float32))
        assert np.isfinite(mean[0])
        assert error[0] > 0

    def test_only_the_newest_are_kept(self) -> None:
        kept = KeptRewards.none(3).plus(made_rewards(300), 50)
        assert sorted(kept.time) == list(range(250, 300))

    def test_of_one_time_the_same_ones_are_kept_whatever_the_order(self) -> None:
        rewards = made_rewards(300)
        alike = Rewards(rewards.features, rewards.reward)
        back = Rewards(rewards.features[::-1], rewards.reward[::-1])
        once, again = (KeptRewards.none(3).plus(r, 50) for r in (alike, back))
        assert np.array_equal(np.sort(once.X, axis=0), np.sort(again.X, axis=0))

    def test_amounts_are_refused(self) -> None:
        with pytest.raises(BadInput, match="from 0 to 1"):
            LogisticThompson().updated(Rewards(np.ones((1, 2), np.float32), np.array([3.0])))


class TestThompson:
    def test_many_samples_come_near_the_probability_of_being_best(self) -> None:
        """Two candidates: a normal probability, in closed form."""
        from scipy.stats import norm

        learnt = LinearThompson(LinearThompsonSettings(4000, explore=0.0)).updated(made_rewards(20))
        features = np.array([[[0.3, 0, 0.2], [0, 0.1, 0]]], np.float32)
        mean, error = learnt.expected(features[:, 0] - features[:, 1])
        offers = Offers(np.zeros((1, 2), np.float32), None, features)
        share = learnt.probabilities(offers, generator(0, "t"))[0, 0]
        assert share == pytest.approx(norm.cdf(mean[0] / error[0]), abs=0.04)

    def test_twins_share(self) -> None:
        features = np.repeat(made_offers(3, 3).features[:, :1], 2, axis=1)
        offers = Offers(np.zeros((3, 2), np.float32), None, features)
        assert (
            LinearThompson().probabilities(offers, generator(0, "t")).tolist() == [[0.5, 0.5]] * 3
        )

    def test_chunks_do_not_matter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        offers = made_offers()
        belief = RewardSums.none(3).plus(made_rewards(), None).belief(1.0, None)
        whole = shares_of_best(belief, offers.features, offers, generator(0, "t"), 8)
        monkeypatch.setattr("palate.policy.bandits.best_of_samples._NUMBERS_AT_A_TIME", 100)
        assert np.allclose(
            shares_of_best(belief, offers.features, offers, generator(0, "t"), 8), whole
        )


def _estimate(policy: LinearThompson, rng: np.random.Generator, logged: str) -> float:
    """Value of showing anything by IPS from a log of 400 rounds, minus the truth."""
    features = rng.normal(size=(400, 5, 2)).astype(np.float32)
    offers = Offers(np.zeros((400, 5), np.float32), None, features)
    truth = features[:, :, 0] + 3
    drawn = drawn_lists(policy, offers, 1, rng)
    rows, shown = np.arange(400), drawn.columns[:, 0]
    p = drawn.propensities[:, 0]
    if logged == "of another set of samples":
        p = policy.probabilities(offers, rng)[rows, shown]
    return float((0.2 / p * truth[rows, shown] - truth.mean(axis=1)).mean())


@pytest.mark.parametrize("logged", ["of this set of samples", "of another set of samples"])
def test_shares_of_a_set_of_samples_keep_estimates_unbiased(logged: str) -> None:
    """Over 400 logs. The control: propensities of a set other than the one that was drawn from."""
    rng = generator(3, "logs")
    policy = LinearThompson(LinearThompsonSettings(8, explore=0.1)).updated(made_rewards(30, 2))
    errors = np.array([_estimate(policy, rng, logged) for _ in range(400)])
    z = errors.mean() / (errors.std(ddof=1) / np.sqrt(len(errors)))
    assert abs(z) < 3.3 if logged == "of this set of samples" else abs(z) > 10


class TestSafeStart:
    def _part(self, **settings: Any) -> SafeStart:
        table = {"part": "policy.safe_start.v1", **settings}
        part: Any = registry.spec(table, "policy").build()
        assert isinstance(part, SafeStart)
        return part

    def test_at_first_the_policy_of_today_with_a_budget(self) -> None:
        part, offers = self._part(budget=0.2), made_offers()
        own = LinearThompson().probabilities(offers, generator(0, "t"))
        today = Softmax().probabilities(offers, generator(0, "t"))
        found = part.probabilities(offers, generator(0, "t"))
        assert found == pytest.approx(0.2 * own + 0.8 * today)

    def test_no_round_expects_less_than_its_share_of_today(self) -> None:
        part, offers = self._part(budget=0.1), made_offers()
        reward = generator(1, "t").random(offers.scores.shape)
        today = (Softmax().probabilities(offers, generator(0, "t")) * reward).sum(axis=1)
        found = (part.probabilities(offers, generator(0, "t")) * reward).sum(axis=1)
        assert (found >= 0.9 * today - 1e-12).all()

    def test_where_it_has_proved_better_the_learner_acts(self) -> None:
        learner = {"part": "policy.lin_ucb.v1", "explore": 0.0}
        part = self._part(policy=learner, budget=0.0).updated(made_rewards(2000))
        features = np.array([[[3, 0, 0], [-3, 0, 0]]], np.float32)
        offers = Offers(np.zeros((1, 2), np.float32), None, features)
        assert part.probabilities(offers, generator(0, "t")).tolist() == [[1.0, 0.0]]

    def test_where_nothing_is_to_be_gained_it_stays(self) -> None:
        """Control: the policy of today shows the best already, and features say nothing else."""
        learner = {"part": "policy.lin_ucb.v1", "explore": 0.0}
        start = {"part": "policy.epsilon_greedy.v1", "epsilon": 0.0}
        rng = generator(2, "t")
        nothing = Rewards(
            rng.normal(size=(500, 3)).astype(np.float32), (rng.random(500) < 0.5).astype(float)
        )
        part = self._part(policy=learner, start=start, budget=0.0, errors=3.0).updated(nothing)
        offers = made_offers()
        assert np.array_equal(
            part.probabilities(offers, generator(0, "t")),
            registry.spec(start, "policy").build().probabilities(offers, generator(0, "t")),
        )

    def test_a_learner_that_does_not_learn_is_refused(self) -> None:
        part = self._part(policy={"part": "policy.softmax.v1"})
        with pytest.raises(PalateError, match="does not say what it expects"):
            part.probabilities(made_offers(), generator(0, "t"))


POLICIES: list[Policy] = [
    LinUcb().updated(made_rewards(20)),
    LinearThompson(SOME).updated(made_rewards(20)),
    LogisticThompson(LogisticThompsonSettings(8, explore=0.05)).updated(made_rewards(20)),
    SafeStart(SafeStartSettings()).with_parts(
        {"policy": LinearThompson(SOME), "start": Softmax(SoftmaxSettings(explore=0.1))}
    ),
]


@settings(max_examples=150, deadline=None)
@given(
    allowed=hnp.arrays(np.bool_, st.tuples(st.integers(1, 4), st.integers(1, 9))),
    which=st.integers(0, len(POLICIES) - 1),
    seed=st.integers(0, 1000),
    scale=st.sampled_from([0.0, 1e-3, 1.0, 1e4]),
)
def test_nothing_that_is_not_allowed_is_ever_shown(
    allowed: np.ndarray, which: int, seed: int, scale: float
) -> None:
    """Whatever is allowed, however large the features, and whatever stands in closed places."""
    rng = generator(seed, "allowed")
    features = (scale * rng.normal(size=(*allowed.shape, 3))).astype(np.float32)
    features[~allowed] = np.nan
    offers = Offers(rng.normal(size=allowed.shape).astype(np.float32), allowed, features)
    drawn = drawn_lists(POLICIES[which], offers, 4, rng)
    rows, positions = np.nonzero(drawn.columns >= 0)
    assert allowed[rows, drawn.columns[rows, positions]].all()
    assert ((drawn.columns >= 0).sum(axis=1) == np.minimum(allowed.sum(axis=1), 4)).all()


class TestRefusals:
    def test_offers_without_features(self) -> None:
        with pytest.raises(BadInput, match="without features"):
            LinUcb().probabilities(Offers(np.zeros((1, 2), np.float32)), generator(0, "t"))

    def test_features_that_are_no_numbers(self) -> None:
        features = np.full((1, 2, 3), np.nan, np.float32)
        with pytest.raises(BadInput, match="finite"):
            LinUcb().probabilities(
                Offers(np.zeros((1, 2), np.float32), None, features), generator(0, "t")
            )

    def test_rewards_of_other_lengths(self) -> None:
        X = np.ones((2, 3), np.float32)
        with pytest.raises(BadInput, match=r"rewards\.reward"):
            Rewards(X, np.ones(3))
        with pytest.raises(BadInput, match=r"rewards\.features"):
            Rewards(X[0], np.ones(3))
        with pytest.raises(BadInput, match="weight below 0"):
            Rewards(X, np.ones(2), np.array([1.0, -1.0]))

    def test_the_state_of_another_policy(self) -> None:
        with pytest.raises(BadInput, match="state"):
            LinUcb().load(LinearThompson().state())
