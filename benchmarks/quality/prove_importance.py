"""Promise P2: what methods of importance call important in 24 worlds (200 with PALATE_DEEP=1) of
known truth.
"""

from __future__ import annotations

import os
import time
from typing import Any

from palate.data.worlds import WORLDS
from palate.testing.discoveries import METHODS, discoveries, table

name = "prove_importance"
what = (
    "Share of false discoveries and of drivers found, over sets of seven kinds (linear,"
    " interactions, ranking, copies .8 and .95, fifty noise columns, ids), 4,000 rows to learn from"
    " and 4,000 to judge on, LightGBM"
)


def run() -> dict[str, Any]:
    """Every method on every set."""
    per_world = 29 if os.environ.get("PALATE_DEEP") else 4
    start = time.perf_counter()
    rows, by_world = [], []
    for world, make in WORLDS.items():
        mine = [row for seed in range(per_world) for row in discoveries(make(seed), seed)]
        rows += mine
        by_world += [{"world": world, **row} for row in table(mine)]
    found = {row["method"]: row for row in table(rows)}
    ours = found["conditional permutation"]
    others = [
        found[m]["false_discovery_rate"]
        for m in METHODS
        if m in ("gain above 3 probes", "permutation")
    ]
    return {
        "rows": [{"world": "all", **row} for row in table(rows)] + by_world,
        "claims": [
            {
                "claim": "conditional permutation: false discovery rate at most .10",
                "holds": ours["false_discovery_rate"] <= 0.10,
            },
            {
                "claim": "conditional permutation: power at least .95",
                "holds": ours["power"] >= 0.95,
            },
            {
                "claim": "gain and plain permutation: false discovery rate above .10",
                "holds": min(others) > 0.10,
            },
        ],
        "seconds": round(time.perf_counter() - start, 1),
    }
