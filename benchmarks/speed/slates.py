"""How long a slate takes: 1,000 candidates with 384 numbers each to a list of 20."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from palate import registry
from palate.testing.slate import made_candidates

name = "slate_speed"
CANDIDATES, WIDTH, VALUES, K, CALLS = 1000, 384, 20, 20, 2000
what = (
    f"{CANDIDATES:,} made-up candidates with content of {WIDTH} numbers and {VALUES} values of a"
    f" field, to a list of {K}; {CALLS:,} calls one after the other ({CALLS // 20:,} of the"
    " constrained one, which gets each value at most 3 times)"
)
SLATES: dict[str, dict[str, Any]] = {
    "slate.greedy.v1": {},
    "slate.mmr.v1": {},
    "slate.dpp.v1": {},
    "slate.max_sum.v1": {},
    "slate.calibrated.v1": {},
    "slate.constrained.v1": {"each": 3},
}
MOST = 5.0
DIVERSE = ("slate.mmr.v1", "slate.dpp.v1", "slate.max_sum.v1")


def run() -> dict[str, Any]:
    """Every slate."""
    rows, claims = [], []
    for slate, settings in SLATES.items():
        calls = CALLS // 20 if settings else CALLS
        spent = milliseconds({"part": slate, **settings}, calls)
        p50, p99 = np.percentile(spent, (50, 99))
        rows.append({"slate": slate, "calls": calls, "p50 ms": _round(p50), "p99 ms": _round(p99)})
        if slate in DIVERSE:
            claim = f"{slate}: p99 at most {MOST:g} ms ({p99:.2f} ms)"
            claims.append({"claim": claim, "holds": bool(p99 <= MOST)})
    return {"rows": rows, "claims": claims}


def milliseconds(table: dict[str, Any], calls: int) -> np.ndarray:
    """float64 [calls], of lists of different candidates, after a few to warm up."""
    part = registry.spec(table, "slate").build()
    made = [made_candidates(CANDIDATES, WIDTH, VALUES, seed) for seed in range(8)]
    for one in made:
        part.order(one, K)
    spent = np.empty(calls)
    for call in range(calls):
        start = time.perf_counter()
        part.order(made[call % len(made)], K)
        spent[call] = 1000 * (time.perf_counter() - start)
    return spent


def _round(value: float) -> float:
    return round(float(value), 3)
