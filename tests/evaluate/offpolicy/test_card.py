"""What a log is good for: real logs whose answer is known, and each reason for a refusal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from palate.data.worlds.logged_policies import world_of
from palate.evaluate.offpolicy.card import OffPolicyCard, off_policy_card
from palate.evaluate.offpolicy.false_propensities import rounded_to, shown_too_often
from palate.evaluate.offpolicy.logged import LoggedActions, WeightedRounds
from palate.evaluate.offpolicy.rewards import LinearRewards
from palate.study.offpolicy.worlds import rounds_of

CAMPAIGNS = {"all": 80, "men": 34, "women": 46}


@pytest.fixture
def open_bandit(data_folder: Callable[[str], Path]) -> Path:
    return data_folder("open-bandit")


def uniform_card(folder: Path, policy: str, campaign: str) -> tuple[OffPolicyCard, float]:
    """What the log of a policy says of showing everything alike; and what that brought."""
    n_actions = CAMPAIGNS[campaign]
    truth = pl.read_parquet(folder / f"random_{campaign}.parquet")["click"].mean()
    assert isinstance(truth, float)
    frame = pl.read_parquet(folder / f"{policy}_{campaign}.parquet")
    n = len(frame)
    log = LoggedActions(
        frame["item_id"].to_numpy().astype(np.int32),
        frame["click"].to_numpy().astype(np.float64),
        frame["propensity_score"].to_numpy(),
        np.arange(n, dtype=np.int32),
        n_actions,
    )
    expected = LinearRewards().cross_fitted(log, np.random.default_rng(0)).expected()
    target = np.full((n, n_actions), 1 / n_actions)
    return off_policy_card(
        WeightedRounds.of(log, target, expected), log.propensity, log.action
    ), truth


class TestOpenBandit:
    """ZOZO's logs of fashion recommendations, 10,000 rounds each."""

    @pytest.mark.parametrize("campaign", CAMPAIGNS)
    def test_random_logs_are_good_and_hold_the_value(
        self, open_bandit: Path, campaign: str
    ) -> None:
        card, truth = uniform_card(open_bandit, "random", campaign)
        assert card.verdict == "ok"
        for name in ("ips", "snips", "beta_ips", "dr", "sndr", "switch_dr"):
            assert card.estimates[name].low <= truth <= card.estimates[name].high

    def test_a_log_worth_two_rounds_is_refused(self, open_bandit: Path) -> None:
        card, _ = uniform_card(open_bandit, "bts", "women")
        assert card.verdict == "refused"
        assert round(card.effective) == 2
        assert "worth 2 rounds" in card.reasons[0]

    @pytest.mark.parametrize("campaign", ["all", "men"])
    def test_logs_worth_hundreds_are_weak(self, open_bandit: Path, campaign: str) -> None:
        assert uniform_card(open_bandit, "bts", campaign)[0].verdict == "weak"


def test_what_the_policy_at_work_never_does() -> None:
    rng = np.random.default_rng(0)
    action = rng.integers(0, 4, 4000).astype(np.int32)
    log = LoggedActions(
        action, np.ones(4000), np.full(4000, 0.25), np.arange(4000, dtype=np.int32), 5
    )
    logging = np.tile([0.25, 0.25, 0.25, 0.25, 0.0], (4000, 1))
    card = off_policy_card(
        WeightedRounds.of(log, np.full((4000, 5), 0.2), logging=logging), log.propensity, log.action
    )
    assert card.verdict == "refused"
    assert any("20%" in reason and "never" in reason for reason in card.reasons)
    # without the whole distribution the mean weight tells: .8, not 1
    card = off_policy_card(
        WeightedRounds.of(log, np.full((4000, 5), 0.2)), log.propensity, log.action
    )
    assert card.verdict == "refused"
    assert any("mean weight is 0.800" in reason for reason in card.reasons)


def test_estimated_propensities_are_never_more_than_weak() -> None:
    log = world_of("softmax", 10).log(np.random.default_rng(1), 4000)
    card = off_policy_card(rounds_of(log), log.propensity(), log.action, estimated=True)
    assert card.verdict == "weak"
    assert "estimated" in card.reasons[-1]


def test_the_figures() -> None:
    rounds = WeightedRounds(
        np.array([2.0, 1.0, 0.0, 1.0]),
        np.array([1.0, 0.0, 0.0, 1.0]),
        np.zeros(4),
        np.zeros(4),
        np.array([0, 0, 1, 2], np.int32),
        modelled=False,
    )
    card = off_policy_card(rounds, np.array([0.1, 0.2, 0.3, 0.4]), np.arange(4, dtype=np.int32))
    assert (card.n_rounds, card.n_users, card.largest) == (4, 3, 2.0)
    assert card.effective == pytest.approx(16 / 6)
    assert card.mean_weight.value == 1.0
    assert card.logged.value == 0.5
    assert set(card.estimates) == {"ips", "snips", "beta_ips"}
    assert np.isnan(card.trusted)


@pytest.mark.parametrize(
    ("values", "digits"),
    [
        ([0.1, 0.2, 0.3, 0.4], 1),
        ([0.11, 0.2, 0.3, 0.4], 2),
        ([0.5, 0.25, 0.125], 0),
        ([1 / 3, 0.2, 0.1], 0),
        ([0.95, 0.05], 0),
        ([0.9951, 0.5, 0.1234], 0),
    ],
)
def test_rounding_of_what_varies_within_an_action(values: list[float], digits: int) -> None:
    found = rounded_to(np.array(values), np.zeros(len(values), np.int32))
    assert (0 if found is None else found.digits) == digits


def test_fixed_shares_may_be_round() -> None:
    action = np.array([0, 1, 2, 3, 3, 0], np.int32)
    assert rounded_to(np.array([0.4, 0.3, 0.2, 0.1])[action], action) is None


def test_an_item_that_others_were_replaced_by_is_named() -> None:
    log = world_of("softmax", 10).log(np.random.default_rng(1), 4000)
    p, user = log.propensity(), log.user.astype(np.int32)
    action = log.action.astype(np.int32)
    assert shown_too_often(p, action, user).tolist() == []
    replaced = np.where(action == 0, 1, action).astype(np.int32)
    assert shown_too_often(p, replaced, user).tolist() == [1]


def test_an_item_that_may_not_be_shown_to_all_raises_no_alarm() -> None:
    rng = np.random.default_rng(2)
    allowed = rng.random(5000) < 0.3
    action = np.where(allowed & (rng.random(5000) < 0.5), 1, 0).astype(np.int32)
    p = np.where(allowed, 0.5, 1.0)
    assert shown_too_often(p, action, np.arange(5000, dtype=np.int32)).tolist() == []
