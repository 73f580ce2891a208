"""What bandits over features lose on the way, beside epsilon-greedy with the same model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from palate import registry
from palate.data.worlds.audience import AUDIENCES, AudienceSettings, with_ids
from palate.study.policies.simulation import Simulated, simulated

name = "bandits"
STEPS, HALF_LIFE = 200, 40.0
what = (
    "Simulated people with known preferences over features of 60 items: stationary (cascade clicks,"
    " a line), arriving (half of the items come later; position and trust bias), changing (fatigue,"
    " preferences turn by .004 radians a step; every learner forgets with a half-life of"
    f" {HALF_LIFE:g} steps). {STEPS} steps of 20 visits, lists of 3; clicks are known after each"
    " step. Regret: expected clicks lost against the best lists. epsilon-greedy and LinUCB have the"
    " same model of the rewards. Policy of today: the best by a model .8 radians off the truth. New"
    " found: share of the showings of items at most ten steps old in the best lists that the lists"
    " had"
)
SEEDS = {"epsilon-greedy .1": 200, "LinUCB": 200}
FEW = 20


def policies(world: str) -> dict[str, dict[str, Any]]:
    """Policy -> its table."""
    forgets = {"half_life": HALF_LIFE} if world == "changing" else {}
    line = {"line": forgets}
    today = {"part": "policy.epsilon_greedy.v1", "epsilon": 0.0}
    thompson = {"part": "policy.linear_thompson.v1", "width": 0.5, **line}
    return {
        "policy of today": today,
        "epsilon-greedy .1": {"part": "policy.lin_ucb.v1", "alpha": 0.0, "explore": 0.1, **line},
        "LinUCB": {"part": "policy.lin_ucb.v1", **line},
        "linear Thompson": thompson,
        "logistic Thompson": {"part": "policy.logistic_thompson.v1", "width": 0.5, **forgets},
        "safe start": {"part": "policy.safe_start.v1", "policy": thompson, "start": today},
        "LinUCB, ids": {"part": "policy.lin_ucb.v1", **line},
    }


def run() -> dict[str, Any]:
    """Every policy in every world."""
    rows, regret, found, disallowed = [], {}, {}, 0
    for world, settings in AUDIENCES.items():
        for policy, table in policies(world).items():
            made = _runs(policy, table, replace(settings, steps=STEPS))
            total = np.array([one.regret.sum() for one in made])
            regret[world, policy] = total
            new = sum(one.new for one in made)
            found[world, policy] = sum(one.found for one in made) / new if new else None
            disallowed += sum(one.disallowed for one in made)
            rows.append(_row(world, policy, made, total, found[world, policy]))
    return {"rows": rows, "claims": _claims(regret, found, disallowed)}


def _runs(policy: str, table: dict[str, Any], settings: AudienceSettings) -> list[Simulated]:
    if policy.endswith("ids"):
        settings = with_ids(settings)
    part = registry.spec(table, "policy")
    return [
        simulated(part.build(), settings, STEPS, seed) for seed in range(SEEDS.get(policy, FEW))
    ]


def _row(
    world: str, policy: str, made: list[Simulated], total: np.ndarray, found: float | None
) -> dict[str, Any]:
    last = np.mean([one.regret[-STEPS // 4 :].sum() for one in made])
    return {
        "world": world,
        "policy": policy,
        "seeds": len(made),
        "regret": round(float(total.mean()), 1),
        "+-": round(1.96 * float(total.std(ddof=1)) / np.sqrt(len(total)), 1),
        "in the last quarter": round(float(last), 1),
        "expected clicks": round(float(np.mean([one.clicks.sum() for one in made])), 1),
        "new found": None if found is None else round(found, 3),
    }


def _claims(regret: Any, found: Any, disallowed: int) -> list[dict[str, Any]]:
    claims = []
    for world in AUDIENCES:
        for policy in ("LinUCB", "linear Thompson", "logistic Thompson"):
            own = regret[world, policy]
            ratio = own.mean() / regret[world, "epsilon-greedy .1"][: len(own)].mean()
            claims.append(
                {
                    "claim": f"{world}: {policy} has at most half of the regret of epsilon-greedy"
                    f" ({ratio:.2f} of it, {len(own)} seeds)",
                    "holds": bool(ratio <= 0.5),
                }
            )
    with_features, ids = found["arriving", "LinUCB"], found["arriving", "LinUCB, ids"]
    claims.append(
        {
            "claim": f"new items are found sooner with features ({with_features:.2f}) than by ids"
            f" ({ids:.2f})",
            "holds": bool(with_features > ids),
        }
    )
    claims.append({"claim": "no item that is not allowed is shown", "holds": disallowed == 0})
    return claims
