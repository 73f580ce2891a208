"""How long a policy takes to choose, beside other libraries."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from palate import registry
from palate.acting import LearnsFromRewards
from palate.policy.drawn import drawn_lists
from palate.seeding import generator
from palate.tables.offers import Offers
from palate.tables.rewards import Rewards

name = "policies"
M, D, LEARNT, SLATE = 1000, 32, 5000, 20
what = (
    f"One request with {M:,} candidates and {D} features, after {LEARNT:,} rewards: milliseconds of"
    f" one choice (its probabilities and the draw), and of a list of {SLATE}; median and 99th"
    " percentile of 200 choices and 40 lists on one thread. vowpalwabbit (cb_explore_adf) reads its"
    " own text format: choosing is given with and without parsing the text. mabwiser has a model of"
    " each candidate and learns from 20 rewards of each"
)
PARTS: dict[str, dict[str, Any]] = {
    "epsilon-greedy": {"part": "policy.epsilon_greedy.v1"},
    "softmax": {"part": "policy.softmax.v1"},
    "LinUCB": {"part": "policy.lin_ucb.v1"},
    "linear Thompson": {"part": "policy.linear_thompson.v1"},
    "logistic Thompson": {"part": "policy.logistic_thompson.v1"},
    "safe start": {"part": "policy.safe_start.v1"},
}
BANDITS = ("LinUCB", "linear Thompson", "logistic Thompson")


def run() -> dict[str, Any]:
    """Every policy, and what is installed of the others."""
    rng = generator(1, "speed of policies")
    X = rng.normal(size=(1, M, D)).astype(np.float32)
    offers = Offers(rng.normal(size=(1, M)).astype(np.float32), None, X)
    rows, medians = [], {}
    for label, table in PARTS.items():
        policy: Any = registry.spec(table, "policy").build()
        if isinstance(policy, LearnsFromRewards):
            policy = policy.updated(_rewards(rng))
        row = _row(
            f"palate, {label}",
            lambda policy=policy: drawn_lists(policy, offers, 1, rng),
            lambda policy=policy: drawn_lists(policy, offers, SLATE, rng),
        )
        medians[label] = row["choice, ms"]
        rows.append(row)
    rows += _vowpal(X[0]) + _mabwiser(rng)
    claims = [
        {
            "claim": f"{label}: a choice among {M:,} within 1 ms (median {medians[label]:g})",
            "holds": medians[label] <= 1,
        }
        for label in BANDITS
    ]
    return {"rows": rows, "claims": claims}


def _rewards(rng: np.random.Generator) -> Rewards:
    X = rng.normal(size=(LEARNT, D)).astype(np.float32)
    return Rewards(X, (rng.random(LEARNT) < 1 / (1 + np.exp(1 - X[:, 0]))).astype(np.float64))


def _row(
    policy: str, choice: Callable[[], object], slate: Callable[[], object] | None = None
) -> dict[str, Any]:
    one = _milliseconds(choice, 200)
    many = None if slate is None else _milliseconds(slate, 40)
    return {
        "policy": policy,
        "choice, ms": round(float(np.median(one)), 3),
        "p99": round(float(np.quantile(one, 0.99)), 3),
        f"list of {SLATE}, ms": None if many is None else round(float(np.median(many)), 3),
        "p99 of lists": None if many is None else round(float(np.quantile(many, 0.99)), 3),
    }


def _milliseconds(work: Callable[[], object], times: int) -> np.ndarray:
    for _ in range(5):
        work()
    found = np.zeros(times)
    for number in range(times):
        started = time.perf_counter()
        work()
        found[number] = 1000 * (time.perf_counter() - started)
    return found


def _vowpal(X: np.ndarray) -> list[dict[str, Any]]:
    if importlib.util.find_spec("vowpalwabbit") is None:
        return []
    from vowpalwabbit import Workspace

    made = Workspace("--cb_explore_adf --squarecb --quiet")
    text = ["|f " + " ".join(f"{j}:{v:.5f}" for j, v in enumerate(row)) for row in X]
    parsed = made.parse(text)
    version = importlib.metadata.version("vowpalwabbit")
    rows = [
        _row(f"vowpalwabbit {version}, squarecb, text", lambda: made.predict(text)),
        _row(f"vowpalwabbit {version}, squarecb, parsed", lambda: made.predict(parsed)),
    ]
    made.finish_example(parsed)
    return rows


def _mabwiser(rng: np.random.Generator) -> list[dict[str, Any]]:
    if importlib.util.find_spec("mabwiser") is None:
        return []
    from mabwiser.mab import MAB, LearningPolicy

    arms = list(range(M))
    made = MAB(arms, LearningPolicy.LinUCB(alpha=1.0), seed=1)
    X = rng.normal(size=(20 * M, D))
    made.fit(list(np.repeat(arms, 20)), (rng.random(20 * M) < 0.3).astype(float), X)
    context = rng.normal(size=(1, D))
    version = importlib.metadata.version("mabwiser")
    return [_row(f"mabwiser {version}, LinUCB", lambda: made.predict(context))]
