"""Learning from logged rewards: the gradient beside the one that it stands for, and made logs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from palate import registry
from palate.data.worlds.paying import PayingWorld
from palate.errors import BadRecipe
from palate.gradient.engine import tensor, torch_library
from palate.gradient.loop import Schedule
from palate.model.neural.reinforce import (
    Reinforce,
    ReinforceSettings,
    importance,
    top_k_factor,
)
from palate.model.neural.sasrec import Sasrec, SasrecSettings
from palate.seeding import generator
from palate.stages import FitContext
from palate.tables import Cases, FeatureTable, Histories, Interactions, Training

K = 5
SHORT = Schedule(epochs=3, batch=32)
SMALL = ReinforceSettings(width=8, k=K, start=SHORT, policy=replace(SHORT, rate=1e-3))


def training_of(log: Interactions) -> Training:
    everyone = Histories.of(log, np.arange(log.n_users, dtype=np.int32))
    none = everyone.take(np.zeros(0, np.int64))
    return Training(log, FeatureTable(log.items, {}), Cases(none, none.items, none.items))


def made_log(seed: int = 0, skew: float = 1.5, users: int = 60, items: int = 20) -> Interactions:
    world = PayingWorld.drawn(generator(seed, "world"), users, items, skew)
    return world.log(world.visits(generator(seed, "log"), 30))


def everyone(log: Interactions) -> Histories:
    return Histories.of(log, np.arange(log.n_users, dtype=np.int32))


@pytest.mark.parametrize("k", [1, 4])
def test_logged_rewards_give_the_gradient_of_what_the_policy_would_bring(k: int) -> None:
    """The mean over the log's policy of weight * reward * gradient of log p, against the gradient
    of the reward of a list of k draws. Weights that are cut no longer give it: the control.
    """
    torch, rng = torch_library(), generator(3, "gradient")
    logits = tensor(rng.normal(size=12)).requires_grad_()
    logged, reward = rng.dirichlet(np.ones(12)), rng.random(12)
    listed = 1 - (1 - torch.softmax(logits, 0)) ** k
    (wanted,) = torch.autograd.grad((listed * tensor(reward)).sum(), logits)

    def logged_gradient(most: float) -> np.ndarray:
        log_p = torch.log_softmax(logits, 0)
        p = np.exp(log_p.detach().numpy())
        weight = logged * reward * importance(p, logged, most) * top_k_factor(p, k)
        (found,) = torch.autograd.grad((tensor(weight) * log_p).sum(), logits)
        return np.asarray(found.numpy())

    assert logged_gradient(1e9) == pytest.approx(wanted.numpy(), abs=1e-9)
    assert logged_gradient(1.0) != pytest.approx(wanted.numpy(), abs=1e-3)


def test_the_supervised_start_is_sasrec() -> None:
    log = made_log()
    start = Reinforce(replace(SMALL, off_policy=False)).fit(training_of(log), FitContext(seed=4))
    plain = SasrecSettings(width=8, loss="full", schedule=SHORT)
    sasrec = Sasrec(plain).fit(training_of(log), FitContext(seed=4))
    assert np.array_equal(start.score(everyone(log)), sasrec.score(everyone(log)))
    assert start.policy_curve_.rows == ()


def test_without_propensities_the_start_stays_unless_they_are_estimated() -> None:
    log = replace(made_log(), propensity=None)
    start = Reinforce(replace(SMALL, off_policy=False)).fit(training_of(log))
    kept = Reinforce(SMALL).fit(training_of(log))
    assert np.array_equal(kept.score(everyone(log)), start.score(everyone(log)))
    estimated = Reinforce(replace(SMALL, estimate=True)).fit(training_of(log))
    assert len(estimated.policy_curve_.rows) >= 2


def test_events_of_unknown_propensity_or_without_reward_change_nothing() -> None:
    """What cannot be weighed is no reward, though it stays in the histories."""
    log = made_log()
    assert log.propensity is not None
    odd = np.arange(len(log)) % 2 == 1
    unknown = replace(log, propensity=np.where(odd, np.nan, log.propensity).astype(np.float32))
    unpaid = replace(log, value=np.where(odd, 0, log.value).astype(np.float32))
    a, b = (Reinforce(SMALL).fit(training_of(each)) for each in (unknown, unpaid))
    assert np.array_equal(a.score(everyone(log)), b.score(everyone(log)))
    assert a.policy_curve_.rows != Reinforce(SMALL).fit(training_of(log)).policy_curve_.rows


def test_it_is_kept_and_grows() -> None:
    log = made_log()
    model = Reinforce(SMALL).fit(training_of(log))
    again = Reinforce(SMALL).load(model.state(), {})
    assert np.array_equal(again.score(everyone(log)), model.score(everyone(log)))
    assert again.policy_curve_ == model.policy_curve_
    assert [row["epoch"] for row in model.policy_curve_.rows] == list(
        range(len(model.policy_curve_.rows))
    )


@pytest.mark.parametrize("wrong", [{"held_out": 0}, {"most": 0.5}, {"k": 0}, {"block": "text"}])
def test_settings_are_checked(wrong: dict[str, object]) -> None:
    with pytest.raises(BadRecipe):
        registry.spec({"part": "model.reinforce.v1", **wrong}, "scorer")


def test_in_a_made_world_the_best_list_pays_most_and_the_log_follows_the_policy() -> None:
    world = PayingWorld.drawn(generator(5, "world"), users=50, items=12, skew=1.0)
    best = world.paid(world.pays, 3)
    assert best > world.paid(np.tile(world.logging, (50, 1)), 3)
    visits = world.visits(generator(5, "visits"), 400)
    share = np.bincount(visits.item, minlength=12) / len(visits.item)
    error = np.sqrt(world.logging * (1 - world.logging) / len(visits.item))
    assert (np.abs(share - world.logging) < 4 * error).all()
    # each taking over its propensity: what showing all items to all would bring
    value = (visits.reward / visits.propensity).mean()
    spread = (visits.reward / visits.propensity).std() / np.sqrt(len(visits.item))
    assert abs(value - world.pays.sum(axis=1).mean()) < 4 * spread
    log = world.log(visits)
    assert len(log) == visits.reward.sum()
    assert log.propensity is not None
    assert log.propensity == pytest.approx(world.logging[log.item])


@pytest.mark.slow
def test_rewards_with_their_propensities_pay_and_exchanged_ones_do_not() -> None:
    """Lists of five in three skewed worlds; with propensities exchanged, the control, less."""
    gains = list[tuple[float, float]]()
    settings = ReinforceSettings(
        width=16,
        k=K,
        start=Schedule(epochs=30, batch=32),
        policy=Schedule(epochs=25, batch=32, rate=1e-3),
    )
    for seed in range(3):
        world = PayingWorld.drawn(generator(seed, "world"), 200, 60, 1.5)
        log = world.log(world.visits(generator(seed, "log"), 60))
        assert log.propensity is not None
        exchanged = generator(seed, "control").permutation(log.propensity)
        paid = [
            world.paid(
                Reinforce(s).fit(training_of(one)).score(everyone(one)).astype(np.float64), K
            )
            for s, one in (
                (replace(settings, off_policy=False), log),
                (settings, log),
                (settings, replace(log, propensity=exchanged)),
            )
        ]
        gains.append((paid[1] - paid[0], paid[2] - paid[0]))
    own, control = np.array(gains).T
    assert (own > 0).all()
    assert own.mean() > 2 * control.mean()
