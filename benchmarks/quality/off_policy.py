"""Off-policy estimators against known truths and real logs, and lies that have to be found out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from palate.data.worlds.logged_policies import PolicyLog, PolicyWorld, world_of
from palate.evaluate.offpolicy.card import off_policy_card
from palate.evaluate.offpolicy.estimators import ESTIMATORS, ValueEstimator, switched
from palate.evaluate.offpolicy.logged import WeightedRounds
from palate.evaluate.offpolicy.tuning import largest_weights, slope
from palate.evaluate.offpolicy.value_intervals import value_of
from palate.study.offpolicy.rounds import RoundColumns
from palate.study.offpolicy.study import OffPolicySettings, off_policy
from palate.study.offpolicy.worlds import rounds_of
from palate.tables.estimate import Estimate

name = "off_policy"
LOGS, ROUNDS = 1000, 2000
what = (
    f"{LOGS:,} logs of {ROUNDS:,} rounds (two to a user, whose clicks have a mood in common) in"
    " each world, with the right propensities and a model of rewards that is off by a third: z of"
    " the mean estimate against the truth, and how many 95 % intervals hold it; logs with two kinds"
    " of false propensities, and how many are refused; the six Open Bandit logs of 10,000 rounds,"
    " evaluated for showing everything alike, beside what that brought"
)
WORLDS = [("softmax", 10), ("softmax", 100), ("softmax", 1000), ("epsilon-greedy", 10)]
CAMPAIGNS = ("all", "men", "women")
_MOST_Z = 3.3
_DATA = Path(os.environ.get("PALATE_DATA", "../shared/data")) / "open-bandit"


def run() -> dict[str, Any]:
    """Worlds, lies and real logs."""
    rows = [row for kind, n in WORLDS for row in _world(kind, n)]
    lies = list(_lies())
    real = list(_real())
    held = [row for row in rows if row["estimator"] in ("ips", "dr")]
    largest = max(abs(row["z"]) for row in held)
    least, most = (f(row["coverage"] for row in held) for f in (min, max))
    return {
        "rows": [*rows, *lies, *real],
        "claims": [
            {
                "claim": f"IPS and DR are unbiased: |z| at most {largest:.1f} (goal {_MOST_Z})",
                "holds": largest < _MOST_Z,
            },
            {
                "claim": f"their intervals hold the truth in {least:.1%} to {most:.1%} of logs"
                " (goal 92 to 97 %)",
                "holds": bool(least >= 0.92 and most <= 0.97),
            },
            *(
                {
                    "claim": f"{row['world']}: {row['refused']:.1%} refused",
                    "holds": row["refused"] == 1
                    or (row["world"] == "true" and row["refused"] < 0.02),
                }
                for row in lies
            ),
            *(_told(row) for row in real),
        ],
    }


def _world(kind: str, n_actions: int) -> Iterator[dict[str, Any]]:
    world = world_of(kind, n_actions)
    model = 0.7 * world.click + 0.05
    found: dict[str, list[Estimate]] = {}
    for log in _logs(world):
        rounds = rounds_of(log, model=model)
        for label, estimator in ESTIMATORS.items():
            found.setdefault(label, []).append(value_of(rounds, estimator))
        tuned = slope(rounds, switched, largest_weights(rounds)).estimate
        found.setdefault("switch_dr", []).append(tuned)
    for label, estimates in found.items():
        values = np.array([one.value for one in estimates])
        held = np.mean([one.low <= world.value <= one.high for one in estimates])
        error = values.std(ddof=1)
        yield {
            "world": f"{kind}, {n_actions:,} actions",
            "estimator": label,
            "truth": round(world.value, 4),
            "mean": round(float(values.mean()), 4),
            "error": round(float(error), 4),
            "z": round(float((values.mean() - world.value) / (error / np.sqrt(LOGS))), 1),
            "coverage": None if np.isnan(estimates[0].low) else round(float(held), 3),
        }


def _logs(world: PolicyWorld, rounds: int = ROUNDS) -> Iterator[PolicyLog]:
    return (world.log(np.random.default_rng([11, seed]), rounds) for seed in range(LOGS))


def _lies() -> Iterator[dict[str, Any]]:
    ways: dict[str, tuple[int, Callable[[PolicyLog], tuple[PolicyLog, Any]]]] = {
        "propensity of before a filter": (10, _filtered),
        "propensities rounded to two digits": (100, _rounded),
        "true": (10, lambda log: (log, log.propensity())),
    }
    for label, (n_actions, way) in ways.items():
        world, refused, estimates = world_of("softmax", n_actions), 0, list[float]()
        for log in _logs(world, 2 * ROUNDS):
            lied, p = way(log)
            rounds = rounds_of(lied, p)
            refused += off_policy_card(rounds, p, lied.action).verdict == "refused"
            estimates.append(_ips(rounds))
        values = np.array(estimates)
        error = values.std(ddof=1)
        yield {
            "world": label,
            "estimator": "ips",
            "truth": round(world.value, 4),
            "mean": round(float(values.mean()), 4),
            "error": round(float(error), 4),
            "z": round(float((values.mean() - world.value) / (error / np.sqrt(LOGS))), 1),
            "refused": refused / LOGS,
        }


def _ips(rounds: WeightedRounds, estimator: ValueEstimator = ESTIMATORS["ips"]) -> float:
    return value_of(rounds, estimator).value


def _filtered(log: PolicyLog) -> tuple[PolicyLog, Any]:
    """Action 0 is replaced by 1 after the draw; the propensity of what was drawn is logged."""
    shown = np.where(log.action == 0, 1, log.action)
    return PolicyLog(log.world, log.context, shown, log.reward, log.user), log.propensity()


def _rounded(log: PolicyLog) -> tuple[PolicyLog, Any]:
    return log, np.maximum(np.round(log.propensity(), 2), 0.01)


def _real() -> Iterator[dict[str, Any]]:
    for campaign in CAMPAIGNS:
        clicks = pl.read_parquet(_DATA / f"random_{campaign}.parquet")["click"].to_numpy()
        for policy in ("random", "bts"):
            file = _DATA / f"{policy}_{campaign}.parquet"
            columns = RoundColumns(reward="click")
            card = off_policy(file, "uniform", columns, OffPolicySettings(force=True)).card
            dr = card.estimates["dr"]
            yield {
                "world": f"Open Bandit, {campaign}, log of {policy}",
                "estimator": "dr",
                "truth": round(float(clicks.mean()), 4),
                "mean": round(dr.value, 4),
                "low": round(dr.low, 4),
                "high": round(dr.high, 4),
                "effective rounds": round(card.effective),
                "verdict": card.verdict,
            }


def _told(row: dict[str, Any]) -> dict[str, Any]:
    wanted = "ok" if "random" in row["world"] else "refused" if "women" in row["world"] else "weak"
    inside = row["low"] <= row["truth"] <= row["high"]
    return {
        "claim": f"{row['world']}: {row['verdict']}"
        + (", and its interval holds the truth" if inside else ""),
        "holds": row["verdict"] == wanted and (inside or wanted != "ok"),
    }
