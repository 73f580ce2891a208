"""Features that operators make: found in worlds where they are true, not where they are noise, and
what they do on real logs.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import palate
from palate import ranks
from palate.budget import Budget
from palate.data.worlds.kinds import staying_with_a_kind
from palate.runs.open import open_run
from palate.study.features.study import features

name = "made_features"
WORLDS = int(os.environ.get("PALATE_FEATURES_WORLDS", "20"))
BUDGET = float(os.environ.get("PALATE_FEATURES_SECONDS", "900"))
STAYS = 0.6
LINKS = ("latest", "recent", "match", "lift", "variety")
"""Operators over the kind of the items that say something where people stay with a kind."""
SETS: dict[str, dict[str, Any]] = {
    "ml-1m": {"members": ["together", "linear"]},
    "amazon-beauty": {"members": ["together", "linear"]},
}
what = (
    f"`palate features` on made shops, {WORLDS} where people mostly take an item of the same kind"
    f" as the one before (colour and price say nothing), {WORLDS} where nothing does; and on"
    " real logs, the last event of each user held out: what was kept on validation users, and"
    " NDCG@10 on the test of the second stage with and without it, paired over users. The second"
    " stage of real logs has candidates of co-occurrence and EASE, and knows the fields column by"
    f" column already; {BUDGET:,.0f} seconds for each search"
)


def run() -> dict[str, Any]:
    """Worlds with and without truth, then real logs."""
    rows = [_worlds(True), _worlds(False), *(_real(one) for one in SETS)]
    return {"rows": rows, "claims": _claims(rows)}


def _worlds(truth: bool) -> dict[str, Any]:
    true = noise = found = tried = 0
    for seed in range(WORLDS):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            palate.run(
                palate.read(
                    *staying_with_a_kind(np.random.default_rng(seed), STAYS if truth else 0.0)
                ),
                _recipe_of_world(),
                folder=folder / "run",
            )
            study = features(folder / "run", folder / "features.toml")
        right = [k for k in study.kept if truth and _says_something(k)]
        true, noise = true + len(right), noise + len(study.kept) - len(right)
        found, tried = found + bool(right), tried + len({t.feature for t in study.tries})
    return {
        "log": "worlds with a truth" if truth else "worlds of noise",
        "searches": WORLDS,
        "features tried": tried,
        "true ones kept": true,
        "noise kept": noise,
        "searches that found the truth": found if truth else "",
    }


def _says_something(feature: str) -> bool:
    return feature.startswith(tuple(f"{link}(fields, kind" for link in LINKS))


def _recipe_of_world() -> dict[str, Any]:
    return {
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {"fields": {"part": "structured.fields.v1"}},
        "models": {
            "popular": {"part": "model.popularity.v1"},
            "alike": {"part": "model.text_kernel.v2", "block": "fields"},
            "ranked": {
                "part": "model.lambdamart.v1",
                "members": ["popular"],
                "blocks": [],
                "trees": 100,
                "rate": 0.1,
                "patience": 10,
                "wrong": 30,
            },
        },
        "evaluate": {"metrics": ["ndcg@10"], "controls": False},
        "report": {"users": 1},
    }


def _recipe_of(known: str) -> dict[str, Any]:
    return {
        "name": known,
        "data": {"set": known},
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {"fields": {"part": "structured.fields.v1"}},
        "models": {
            "together": {"part": "model.cooccurrence.v1"},
            "linear": {"part": "model.ease.v2"},
            "ranked": {"part": "model.lambdamart.v1", **SETS[known]},
        },
        "evaluate": {"metrics": ["ndcg@10"], "controls": False},
        "report": {"users": 1},
    }


def _real(known: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        palate.run(None, _recipe_of(known), folder=folder / "run")
        study = features(folder / "run", folder / "features.toml", budget=Budget(BUDGET))
        row = {
            "log": known,
            "searches": 1,
            "features tried": len({t.feature for t in study.tries}),
            "kept": ", ".join(study.kept) or "none",
            "cases": study.confirmed,
        }
        if not study.kept:
            return row
        palate.run(None, folder / "features.toml", folder=folder / "better")
        return {**row, **_gain(folder / "run", folder / "better")}


def _gain(before: Path, after: Path) -> dict[str, Any]:
    """NDCG@10 on the test of both second stages, and the paired difference over users."""
    one, other = (_per_user(folder) for folder in (before, after))
    difference = other - one
    error = 1.96 * difference.std(ddof=1) / np.sqrt(len(difference))
    mean = float(difference.mean())
    return {
        "ndcg@10 before": round(float(one.mean()), 4),
        "ndcg@10 after": round(float(other.mean()), 4),
        "difference": f"{mean:+.4f} ({mean - error:+.4f} to {mean + error:+.4f})",
    }


def _per_user(folder: Path) -> np.ndarray:
    import prepared

    opened = open_run(folder)
    test = opened.split.test.open("measure")
    found = prepared.ranked(opened.scorer("ranked"), test)
    return np.asarray(ranks.ndcg(found, 10))


def _claims(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    truth, noise, *real = rows
    found = truth["searches that found the truth"]
    # each search keeps anything at all where nothing is true with a chance of 5 %
    most = int(np.ceil(0.05 * WORLDS + 3.3 * np.sqrt(0.05 * 0.95 * WORLDS)))
    kept = noise["noise kept"] + truth["noise kept"]
    claims = [
        {
            "claim": f"the truth is found in {found} of {WORLDS} worlds, goal all",
            "holds": found == WORLDS,
        },
        {
            "claim": f"{kept} of noise kept in {2 * WORLDS} searches, goal at most {2 * most}",
            "holds": kept <= 2 * most,
        },
    ]
    for row in real:
        what = row.get("difference", "nothing was found, and palate says so")
        holds = "difference" not in row or row["ndcg@10 after"] > row["ndcg@10 before"]
        claims.append({"claim": f"{row['log']}: {what}", "holds": holds})
    return claims
