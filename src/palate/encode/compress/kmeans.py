"""k-means that always gives the same centres for the same rows and seed."""

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
    random = generator(seed, "k-means", *identity)
    first = distinct[random.choice(len(distinct), k, replace=False)]
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    # several threads would add up the rows of a centre in an order of their own each time
    with threadpool_limits(1):
        model = KMeans(k, init=first, n_init=1, max_iter=_ROUNDS, tol=0).fit(X)
    return np.asarray(model.cluster_centers_, np.float32)


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
