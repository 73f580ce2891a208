"""NDCG at 10 on the validation cases, by the same ranking that the report uses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from palate import ranks
from palate.arrays import Floats
from palate.seeding import generator
from palate.tables import Cases, Histories


def some_cases(cases: Cases, most: int, seed: int) -> Cases:
    """At most `most` of the cases, drawn once."""
    if len(cases) <= most:
        return cases
    return cases.take(
        np.sort(generator(seed, "validation cases").choice(len(cases), most, replace=False))
    )


def ndcg_of(
    score: Callable[[Histories], Floats], cases: Cases, k: int = 10, chunk: int = 512
) -> float:
    """Mean NDCG at k over the cases; NaN where there are none.

    Args:
        score: Histories [m] -> float32 [m, n_items].
        cases: Validation cases.
        k: How many ranks count.
        chunk: Cases scored at once.

    Cost: one scoring of all cases and two passes over the scores.
    """
    found = []
    for start in range(0, len(cases), chunk):
        part = cases.take(np.arange(start, min(start + chunk, len(cases))))
        found.append(ranks.ndcg(ranks.positions(score(part.histories), part.seen, part.targets), k))
    return float(np.mean(np.concatenate(found))) if found else float("nan")
