"""Whether learning from logged rewards pays more than learning what was taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import softmax
from scipy.stats import t

from palate.arrays import Doubles
from palate.data.worlds.paying import PayingWorld
from palate.evaluate.offpolicy.estimators import SelfNormalised, weighted_reward
from palate.evaluate.offpolicy.logged import LoggedActions, WeightedRounds
from palate.evaluate.offpolicy.value_intervals import value_of
from palate.gradient.loop import Schedule
from palate.model.neural.reinforce import Reinforce, ReinforceSettings
from palate.seeding import generator
from palate.stages import FitContext
from palate.tables import Cases, FeatureTable, Histories, Interactions, Training

name = "reinforce"
SEEDS, K, EACH, FRESH = 10, 5, 60, 40
what = (
    f"300 people, 100 items, {EACH} visits of each person, at each of which a policy shows one"
    " item; the takings are the log. The policy shows some items more often for no reason"
    f" (skewed), or all alike (even). List: takings of the {K} items with the highest scores, for a"
    " person, by the true probabilities; policy: takings of one item drawn by the softmax of the"
    f" scores; estimated: the same by SNIPS from {FRESH} new visits of each person; z: how far from"
    f" the truth that is, in standard errors of the mean. Means of {SEEDS} worlds; gain against the"
    " supervised start, paired, with its 95 % interval. The control: propensities exchanged among"
    " the events"
)
WORLDS = {"skewed": 1.5, "even": 0.0}
START, OFF, ESTIMATED, CONTROL = (
    "supervised start",
    "model.reinforce.v1",
    "the same, propensities estimated",
    "the same, propensities exchanged",
)


@dataclass(frozen=True)
class Reached:
    """What one ranker brings in one world."""

    listed: float
    policy: float
    estimated: float


def run() -> dict[str, Any]:
    """All rankers in all worlds."""
    rows = []
    for world, skew in WORLDS.items():
        found: dict[str, list[Reached]] = {}
        for seed in range(SEEDS):
            for ranker, reached in _world(skew, seed):
                found.setdefault(ranker, []).append(reached)
        rows += [_row(world, ranker, found) for ranker in found]
    return {"rows": rows, "claims": _claims(rows)}


def _world(skew: float, seed: int) -> Iterator[tuple[str, Reached]]:
    world = PayingWorld.drawn(generator(seed, "paying", "world"), skew=skew)
    log = world.log(world.visits(generator(seed, "paying", "log"), EACH))
    propensity = log.propensity
    assert propensity is not None
    exchanged = generator(seed, "paying", "control").permutation(propensity)
    logs = {
        START: (log, False),
        OFF: (log, True),
        ESTIMATED: (replace(log, propensity=None), True),
        CONTROL: (replace(log, propensity=exchanged), True),
    }
    for ranker, (given, off_policy) in logs.items():
        yield ranker, _reached(world, given, off_policy, seed)


def _reached(world: PayingWorld, log: Interactions, off_policy: bool, seed: int) -> Reached:
    settings = ReinforceSettings(
        width=32,
        k=K,
        off_policy=off_policy,
        estimate=log.propensity is None,
        start=Schedule(epochs=100, batch=32, patience=5),
        policy=Schedule(epochs=50, batch=32, rate=1e-3, patience=5),
    )
    histories = Histories.of(log, np.arange(log.n_users, dtype=np.int32))
    earlier, last = _without_last(log)
    training = Training(earlier, FeatureTable(log.items, {}), last)
    scores = Reinforce(settings).fit(training, FitContext(seed=seed)).score(histories)
    exact = scores.astype(np.float64)
    p = softmax(exact, axis=1)
    estimated = _estimated(world, p, seed)
    return Reached(world.paid(exact, K), float((p * world.pays).sum(axis=1).mean()), estimated)


def _without_last(log: Interactions) -> tuple[Interactions, Cases]:
    """The log without each person's last event, and these as validation cases."""
    last = np.zeros(len(log), np.bool_)
    last[len(log) - 1 - np.unique(log.user[::-1], return_index=True)[1]] = True
    earlier = log.take(~last)
    users = log.user[last]
    histories = Histories.of(earlier, users)
    targets = Histories.of(log.take(last), users).items
    return earlier, Cases(histories, targets, histories.items)


def _estimated(world: PayingWorld, p: Doubles, seed: int) -> float:
    new = world.visits(generator(seed, "paying", "new visits"), FRESH)
    log = LoggedActions(new.item, new.reward, new.propensity, new.user, p.shape[1])
    rounds = WeightedRounds.of(log, p[new.user])
    return value_of(rounds, SelfNormalised(weighted_reward)).value


def _row(world: str, ranker: str, found: dict[str, list[Reached]]) -> dict[str, Any]:
    own, start = found[ranker], found[START]
    off = np.array([one.estimated - one.policy for one in own])
    row: dict[str, Any] = {
        "world": world,
        "ranker": ranker,
        "list": _mean([one.listed for one in own]),
        "policy": _mean([one.policy for one in own]),
        "estimated": _mean([one.estimated for one in own]),
        "z": round(float(off.mean() / (off.std(ddof=1) / np.sqrt(len(off)))), 1),
    }
    if ranker == START:
        return row
    for label, pairs in (
        ("list", [(a.listed, b.listed) for a, b in zip(own, start, strict=True)]),
        ("estimated", [(a.estimated, b.estimated) for a, b in zip(own, start, strict=True)]),
    ):
        gains = np.array([100 * (a / b - 1) for a, b in pairs])
        half = t.ppf(0.975, len(gains) - 1) * gains.std(ddof=1) / np.sqrt(len(gains))
        row[f"gain of {label}, %"] = round(float(gains.mean()), 1)
        row[f"{label}, +-"] = round(float(half), 1)
    return row


def _mean(values: list[float]) -> float:
    return round(float(np.mean(values)), 4)


def _claims(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    of = {(row["world"], row["ranker"]): row for row in rows}
    skewed, control = of["skewed", OFF], of["skewed", CONTROL]
    better = [
        {
            "claim": f"skewed: {OFF} brings more than its supervised start, {seen}:"
            f" {skewed[f'gain of {key}, %']:+.1f} ± {skewed[f'{key}, +-']:.1f} %",
            "holds": bool(skewed[f"gain of {key}, %"] > skewed[f"{key}, +-"]),
        }
        for key, seen in (("list", "by lists in the world"), ("estimated", "by SNIPS"))
    ]
    gap = skewed["gain of list, %"] - control["gain of list, %"]
    error = float(np.hypot(skewed["list, +-"], control["list, +-"]))
    return [
        *better,
        {
            "claim": f"with propensities exchanged it gains less: by {gap:.1f} ± {error:.1f}"
            " points",
            "holds": bool(gap > error),
        },
        {
            "claim": "estimates are within 3.3 standard errors of the truth",
            "holds": all(abs(row["z"]) <= 3.3 for row in rows),
        },
    ]
