"""Feature space in two dimensions, for people to look at."""

from __future__ import annotations

import numpy as np

from palate.arrays import Doubles, Floats, Matrix, dense, l2_normalised
from palate.errors import BadInput
from palate.seeding import generator, seed_of

MIN_ROWS = 5
SAMPLE = 800
"""Rows that t-SNE arranges; it takes longer than all other steps together."""
NEAREST = 3
"""Arranged rows between which each of the others comes to stand."""
_SHARPNESS = 20.0
"""How much more a nearer one counts."""


def project(X: Matrix, seed: int, dimensions: int = 50) -> Floats:
    """Two coordinates for each row, so that near rows (by cosine) stay near.

    Truncated SVD to `dimensions`, then t-SNE (van der Maaten & Hinton 2008) of at most `SAMPLE`
    rows, drawn by seed; each of the others stands between those that are nearest to it. Distances
    between far groups mean nothing; use it to look, never to compute on.

    Args:
        X: float32 [n, d], dense or CSR; at least 5 different rows.
        seed: Seed of both steps.
        dimensions: Width kept before t-SNE.

    Returns:
        float32 [n, 2], each column scaled to -1 .. 1.

    Raises:
        BadInput: Fewer than five rows, or fewer than five that differ: there is no near and far
            among items that are all alike.

    Cost: about 3 s on one core, however many rows.
    """
    from sklearn.decomposition import TruncatedSVD

    n, d = X.shape
    if n < MIN_ROWS:
        raise BadInput(f"{n} rows cannot be drawn as a map", allowed=f"{MIN_ROWS} or more")
    near = l2_normalised(X)
    kinds = _n_different(near)
    if kinds < MIN_ROWS:
        raise BadInput(
            f"{n:,} items have {kinds} different sets of features, too few for a map",
            allowed=f"{MIN_ROWS} or more",
        )
    width = min(dimensions, d - 1, n - 1)
    if width >= 2:
        near = TruncatedSVD(width, random_state=seed_of(seed, "svd") % 2**32).fit_transform(near)
    positions = _arranged(dense(l2_normalised(near)), seed)
    low, high = positions.min(axis=0), positions.max(axis=0)
    return np.asarray(2 * (positions - low) / np.maximum(high - low, 1e-12) - 1, np.float32)


def _arranged(X: Floats, seed: int) -> Doubles:
    """float64 [n, 2], of rows of length one [n, d]."""
    from sklearn.manifold import TSNE

    drawn = np.sort(generator(seed, "map").permutation(len(X))[:SAMPLE])
    tsne = TSNE(
        perplexity=min(30.0, (len(drawn) - 1) / 3),
        init="random",
        random_state=seed_of(seed, "t-sne") % 2**32,
        max_iter=500,
    )
    arranged = np.asarray(tsne.fit_transform(X[drawn]), np.float64)
    similarity = X @ X[drawn].T
    near = np.argpartition(-similarity, NEAREST, axis=1)[:, :NEAREST]
    own = np.take_along_axis(similarity, near, 1)
    weight = np.exp(_SHARPNESS * (own - own.max(axis=1, keepdims=True)))
    weight /= weight.sum(axis=1, keepdims=True)
    positions = np.asarray(np.einsum("nk,nkd->nd", weight, arranged[near]), np.float64)
    positions[drawn] = arranged
    return positions


def _n_different(X: Matrix) -> int:
    """How many rows differ, counted up to `MIN_ROWS`; zeros of either sign are equal."""
    seen: set[bytes] = set()
    for start in range(X.shape[0]):
        seen.add((dense(X[start : start + 1]) + 0.0).tobytes())
        if len(seen) >= MIN_ROWS:
            break
    return len(seen)
