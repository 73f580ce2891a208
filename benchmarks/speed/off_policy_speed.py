"""A million rounds evaluated by all estimators, with intervals by two methods."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from palate.study.offpolicy.rounds import RoundColumns
from palate.study.offpolicy.study import OffPolicySettings, off_policy

name = "off_policy_speed"
ROUNDS, ITEMS, USERS, CONTEXT, RESAMPLES = 1_000_000, 80, 200_000, 5, 200
GOAL = 60.0
what = (
    f"palate ope of {ROUNDS:,} rounds of {USERS:,} users over {ITEMS} items, {CONTEXT} numbers of"
    f" context for the model of rewards, all estimators, {RESAMPLES} resamples of users; a Parquet"
    " file, read included"
)


def run() -> dict[str, Any]:
    """One evaluation."""
    rng = np.random.default_rng(0)
    share = rng.dirichlet(np.full(ITEMS, 2.0))
    item = rng.choice(ITEMS, ROUNDS, p=share)
    context = rng.normal(size=(ROUNDS, CONTEXT)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "shown.parquet"
        pl.DataFrame(
            {
                "user_id": rng.integers(0, USERS, ROUNDS),
                "item_id": item,
                "click": (rng.random(ROUNDS) < 0.02 + 0.01 * (item % 7)).astype(np.int8),
                "propensity": share[item],
                **{f"x{j}": context[:, j] for j in range(CONTEXT)},
            }
        ).write_parquet(file)
        columns = RoundColumns(context=tuple(f"x{j}" for j in range(CONTEXT)))
        started = time.perf_counter()
        found = off_policy(file, "uniform", columns, OffPolicySettings(resamples=RESAMPLES))
        seconds = time.perf_counter() - started
    row = {
        "rounds": ROUNDS,
        "items": ITEMS,
        "estimators": len(found.card.estimates),
        "resamples": RESAMPLES,
        "seconds": round(seconds, 1),
        "verdict": found.card.verdict,
    }
    claim = f"a million rounds in {seconds:.0f} s (goal {GOAL:.0f})"
    return {"rows": [row], "claims": [{"claim": claim, "holds": seconds <= GOAL}]}
