"""Whether a service shows items as often as the propensities say that it logs."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import chi2

import palate
from palate.data.worlds.kinds import staying_with_a_kind
from palate.seeding import generator
from palate.serve.data_folder import open_engine
from palate.serve.engine.answers import ListRequest
from palate.serve.lists.lists import Lists
from palate.serve.records.items import Hide, Pin

name = "served_policy"
CONTEXTS, DRAWS, AT_ONCE, POOL = 20, 50_000, 50, 8
what = (
    f"A service over a made shop draws lists of two out of its best {POOL} items: {CONTEXTS}"
    " contexts (people with and without a history, filters, exclusions, hidden and pinned items,"
    " diversity; one policy behind a slate). Frequencies of whole lists against the product of the"
    " propensities that were logged with them: smallest p of a chi-square test over the contexts,"
    " lists that are expected less than 20 times together. Mean weight: of a policy that shows"
    " anything, by the logged propensities of the first position; 1 if they are right. The control:"
    " propensities of before a filter that takes away what has a tenth of the probability"
)
SLATE = {"part": "slate.max_sum.v1", "loss": 0.5, "candidates": 20}
"""Of the recipe of one of them."""
BEHIND_A_SLATE = "softmax, slate"
POLICIES: dict[str, dict[str, Any]] = {
    "softmax": {"part": "policy.softmax.v1", "explore": 0.1},
    BEHIND_A_SLATE: {"part": "policy.softmax.v1", "explore": 0.1},
    "epsilon-greedy": {"part": "policy.epsilon_greedy.v1", "epsilon": 0.3},
    "LinUCB": {"part": "policy.lin_ucb.v1", "explore": 0.3, "blocks": ["fields"]},
    "linear Thompson": {
        "part": "policy.linear_thompson.v1",
        "explore": 0.2,
        "samples": 16,
        "blocks": ["fields"],
    },
}
FULL = "softmax"
"""Drawn so often that rare faults show; the others a hundredth as often."""
SAME_EVERY_TIME = ("softmax", BEHIND_A_SLATE, "epsilon-greedy", "LinUCB")
"""Policies whose probabilities are the same each time; Thompson sampling draws other samples."""


def run(draws: int = DRAWS) -> dict[str, Any]:
    """Every policy."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for label, table in POLICIES.items():
            n = draws if label == FULL else max(draws // 100, 100)
            rows.append(_policy(label, table, Path(folder) / label.replace(" ", "_"), n))
    p = [row["smallest p"] for row in rows if row["smallest p"] is not None]
    off = [abs(row["mean weight"] - 1) / row["standard error"] for row in rows]
    caught = next(row["largest p of the control"] for row in rows if row["policy"] == FULL)
    claims = [
        {
            "claim": f"served as often as logged: smallest p {min(p):.3g}, with {CONTEXTS} contexts"
            " above .001 after Bonferroni",
            "holds": bool(min(p) > 0.001 / CONTEXTS),
        },
        {
            "claim": f"mean weight within 3 standard errors of 1 (furthest: {max(off):.1f})",
            "holds": bool(max(off) <= 3),
        },
        {
            "claim": f"the control is caught in each context of {FULL}, with {draws:,} lists each:"
            f" largest p {caught:.3g}",
            "holds": bool(caught < 0.001 / CONTEXTS),
        },
    ]
    return {"rows": rows, "claims": claims}


def _policy(label: str, table: dict[str, Any], folder: Path, draws: int) -> dict[str, Any]:
    shop = staying_with_a_kind(generator(1, "served policy"), 0.5, n_users=300, n_items=60)
    recipe = {
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {"fields": {"part": "structured.fields.v1", "fields": ["kind", "colour"]}},
        "models": {"ids": {"part": "model.cooccurrence.v1"}},
        "evaluate": {"metrics": ["ndcg@10"], "controls": False},
        "policy": {"model": "ids", "candidates": POOL, "delay": 1e9, **table},
        **({"slate": SLATE} if label == BEHIND_A_SLATE else {}),
    }
    palate.run(palate.read(*shop), recipe, folder=folder / "run")
    opened = open_engine(folder / "run", folder / "data", "ids")
    opened.engine.change_items([Hide("3"), Hide("4"), Pin("5")]).result()
    lists = Lists(opened.engine, policies=opened.policies)
    found = [_context(label, lists, wanted, draws) for wanted in _contexts()]
    opened.close()
    weights = np.concatenate([one["weights"] for one in found])
    ps = [one["p"] for one in found if one["p"] is not None]
    controls = [one["control"] for one in found if one["control"] is not None]
    return {
        "policy": label,
        "contexts": len(found),
        "lists of each": draws,
        "smallest p": float(f"{min(ps):.3g}") if ps else None,
        "mean weight": round(float(weights.mean()), 5),
        "standard error": round(float(weights.std() / np.sqrt(len(weights))), 5),
        "largest p of the control": float(f"{max(controls):.3g}") if controls else None,
    }


def _contexts() -> list[ListRequest]:
    plain = {"k": 2, "explain": False}
    return [
        *(ListRequest(str(user), **plain) for user in range(8)),
        *(ListRequest(str(user), exclude=("1", "2", "9"), **plain) for user in range(8, 11)),
        *(ListRequest(str(user), filters={"kind": f"k{user - 10}"}, **plain) for user in (11, 12)),
        *(ListRequest(str(user), diversity=0.4, **plain) for user in (13, 14)),
        ListRequest("15", k=3, pins=True, explain=False),
        ListRequest(history=("7", "8"), **plain),
        ListRequest("nobody", **plain),
        ListRequest(candidates=tuple(str(n) for n in range(20)), **plain),
        ListRequest("16", seen="allow", **plain),
    ]


def _context(label: str, lists: Lists, wanted: ListRequest, draws: int) -> dict[str, Any]:
    count, p = Counter[tuple[str, ...]](), dict[tuple[str, ...], float]()
    weights, first = np.zeros(draws), dict[str, float]()
    for start in range(0, draws, AT_ONCE):
        for number, answer in enumerate(lists.many([wanted] * AT_ONCE), start=start):
            drawn = [one for one in answer.items if one.source != "pinned"]
            shown = tuple(one.item for one in drawn)
            count[shown] += 1
            p[shown] = float(np.prod([one.propensity for one in drawn]))
            first[drawn[0].item] = drawn[0].propensity
            weights[number] = 1 / drawn[0].propensity
    weights /= max(len(first), 1)  # each of the pool as likely as another
    if label not in SAME_EVERY_TIME:
        return {"p": None, "control": None, "weights": weights}
    names = list(count)
    control = [0.9 * p[one] for one in names]
    return {
        "p": _chi_square([count[one] for one in names], [p[one] for one in names], draws),
        "control": _chi_square([count[one] for one in names], control, draws),
        "weights": weights,
    }


def _chi_square(count: list[int], p: list[float], draws: int) -> float:
    """p value. Lists that never came are among the rare ones: what is expected 20 times comes."""
    expected, observed = np.array(p) * draws, np.array(count, np.float64)
    rare = expected < 20
    left = draws - expected[~rare].sum()
    expected = np.array([*expected[~rare], max(left, 0.0)])
    observed = np.array([*observed[~rare], observed[rare].sum()])
    keep = expected > 1e-6
    statistic = ((observed - expected)[keep] ** 2 / expected[keep]).sum()
    return float(chi2.sf(statistic, max(keep.sum() - 1, 1)))
