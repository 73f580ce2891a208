"""Items that somebody pinned: they lead the lists that they may be on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from palate.arrays import Rows
from palate.tables import Request

Ranked: TypeAlias = tuple[Rows, list[float]]
"""Rows, best first, with their scores."""


def pinned_first(
    best: Callable[[Request, int], Ranked], request: Request, pinned: frozenset[int], k: int
) -> Ranked:
    """The best rows of a request behind those of its pinned ones, which are in the order of their
    own scores.

    Args:
        best: Gives the k best rows that a request allows.
        request: What is wanted; its candidates and exclusions hold for pinned rows too.
        pinned: Rows.
        k: Length of the list, >= 1.

    Cost: a second pass over the scores, where an item is pinned.
    """
    rows, scores = best(request, k)
    if not pinned:
        return rows, scores
    chosen = np.array(sorted(pinned), np.int32)
    if request.candidates is not None:
        chosen = np.intersect1d(chosen, request.candidates).astype(np.int32)
    first, their = best(replace(request, candidates=chosen), k)
    others = ~np.isin(rows, first)
    kept = [score for score, other in zip(scores, others, strict=True) if other]
    return np.concatenate([first, rows[others]])[:k], [*their, *kept][:k]
