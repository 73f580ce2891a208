"""What all ways to put a list together share: relevance on one scale, and the length."""

from __future__ import annotations

import numpy as np

from palate.arrays import Doubles
from palate.errors import BadInput
from palate.tables.slate import SlateCandidates


def relevance(candidates: SlateCandidates) -> Doubles:
    """float64 [n], scores on a line from 1 for the best candidate to 0 for the last; 1 for all
    where they tie.

    >>> relevance(SlateCandidates(np.array([9, 8, 1], np.float32))).tolist()
    [1.0, 0.875, 0.0]
    """
    scores = candidates.scores.astype(np.float64)
    span = np.ptp(scores) if len(scores) else 0.0
    return (scores - scores.min()) / span if span > 0 else np.ones(len(scores))


def length(candidates: SlateCandidates, k: int) -> int:
    """How long a list of at most k candidates is.

    Raises:
        BadInput: k is below 1.
    """
    if k < 1:
        raise BadInput(f"k is {k}", where="k", allowed="whole numbers from 1 on")
    return min(k, len(candidates))
