"""An order in which good items that resemble those before them come later."""

from __future__ import annotations

import numpy as np

from palate.arrays import Floats, Rows


def spread(scores: Floats, alike: Floats, k: int, diversity: float) -> Rows:
    """Maximal marginal relevance: one item after the other, each the best in
    (1 - diversity) * relevance - diversity * its greatest similarity to an item before it.

    Args:
        scores: float32 [n], of the items that may be listed, best first. Relevance is the score,
            scaled so that the best of them has 1 and the last 0.
        alike: float32 [n, m] with m >= n, similarity in 0 .. 1 of each item to each of them, and
            behind these to items that were shown before.
        k: Items that are wanted, >= 1.
        diversity: 0: by score alone; 1: by unsimilarity alone, after the first one.

    Returns:
        int32 [min(k, n)], rows of `scores`.

    Carbonell & Goldstein, The use of MMR, diversity-based reranking for reordering documents and
    producing summaries, SIGIR 1998.

    >>> alike = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], np.float32)
    >>> spread(np.array([9, 8, 1], np.float32), alike, 3, 0.6).tolist()
    [0, 2, 1]
    """
    n = len(scores)
    span = float(scores.max() - scores.min()) if n else 0.0
    relevance = (scores - scores.min()) / span if span > 0 else np.ones(n, np.float32)
    before = alike[:, n:].max(axis=1) if alike.shape[1] > n else np.zeros(n, np.float32)
    left, order = np.ones(n, np.bool_), list[int]()
    for _ in range(min(k, n)):
        gain = (1 - diversity) * relevance - diversity * before
        gain[~left] = -np.inf
        best = int(np.argmax(gain))  # of several the one with the higher score
        order.append(best)
        left[best] = False
        before = np.maximum(before, alike[:, best])
    return np.array(order, np.int32)
