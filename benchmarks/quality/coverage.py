"""How often 95 % intervals of means and of paired differences hold the truth, hits being rare."""

from __future__ import annotations

from itertools import product
from typing import Any

from palate.testing.rare_hits import Kind, RareHits, percentile

name = "coverage"
what = (
    "Share of 95 % intervals over users that hold the true mean, 500 samples a row. The users of"
    " `hit` have 0 or 1, those of `ndcg` the discount of one of ten ranks at a hit; `difference` is"
    " that of two models with most hits in common. Beside it the percentiles of resampled users,"
    " as intervals were made before. Where a sample has one hit or none, figures are too coarse for"
    " exactly 95 %, and the interval covers more."
)
USERS = (50, 100, 300, 1000)
RATES = (0.02, 0.1, 0.4)
KINDS: tuple[Kind, ...] = ("hit", "ndcg", "difference")
TIMES = 500


def run() -> dict[str, Any]:
    """Both intervals in every world."""
    rows = []
    for kind, n_users, rate in product(KINDS, USERS, RATES):
        world = RareHits(kind, rate)
        share, width = world.coverage(n_users, TIMES, world.ours)
        before, narrow = world.coverage(n_users, TIMES, percentile)
        rows.append(
            {
                "figure": kind,
                "users": n_users,
                "hits": rate,
                "coverage": round(share, 3),
                "width": round(width, 4),
                "coverage_of_percentiles": round(before, 3),
                "width_of_percentiles": round(narrow, 4),
            }
        )
    return {"rows": rows}
