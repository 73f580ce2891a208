"""Plain k-means that always gives the same centres for the same rows and seed."""

from __future__ import annotations

import numpy as np

from palate.arrays import Floats, Longs
from palate.seeding import generator

_ROUNDS = 20
_AT_ONCE = 2_048


def centres_of(X: Floats, k: int, seed: int, *identity: str | int) -> Floats:
    """float32 [k', d], k' <= k: no more than X has different rows.

    Args:
        X: float32 [n, d], n >= 1.
        k: Centres.
        seed: Of the first centres.
        identity: What the centres are for.

    Cost: 20 n k d operations.
    """
    distinct = np.unique(X, axis=0)
    if len(distinct) <= k:
        return distinct
    centres = distinct[
        generator(seed, "k-means", *identity).choice(len(distinct), k, replace=False)
    ]
    before = None
    for _ in range(_ROUNDS):
        place = nearest_centre(X, centres)
        if before is not None and np.array_equal(place, before):
            break
        before = place
        centres = _means(X, place, centres)
    return centres


def nearest_centre(X: Floats, centres: Floats) -> Longs:
    """int64 [n], the nearest centre of each row of X [n, d]; of equally near ones the first."""
    half_norms = (0.5 * (centres.astype(np.float64) ** 2).sum(axis=1)).astype(np.float32)
    parts = []
    for start in range(0, max(len(X), 1), _AT_ONCE):
        # In place, and few rows at a time, so that the products stay in the processor's own cache.
        products = X[start : start + _AT_ONCE] @ centres.T
        products -= half_norms
        parts.append(np.argmax(products, axis=1))
    return np.concatenate(parts).astype(np.int64)


def _means(X: Floats, place: Longs, centres: Floats) -> Floats:
    sums = np.zeros(centres.shape)
    np.add.at(sums, place, X)
    counts = np.bincount(place, minlength=len(centres))
    empty = np.flatnonzero(counts == 0)
    if len(empty):
        # A centre without rows goes where the rows are worst served.
        far = np.argsort(-((X - centres[place]) ** 2).sum(axis=1), kind="stable")[: len(empty)]
        sums[empty], counts[empty] = X[far], 1
    return np.asarray(sums / counts[:, None], np.float32)
