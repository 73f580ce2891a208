"""What items without a label teach: the directions in which texts of the catalogue differ."""

from __future__ import annotations

import numpy as np

from palate.arrays import Doubles
from palate.encode.attributes.local.sentences import has_vector, products
from palate.seeding import seed_of

_WIDE = 4
"""Vectors of so many times as many columns as directions are wide enough to be worth it."""


def learn_directions(vectors: Doubles, most: int, seed: int) -> Doubles:
    """float64 [d, n_directions]: those in which the items differ most; [d, 0] where the vectors are
    not wide or the items are few, and are better left as they are.

    Hashed words of two hundred labels have little in common with those of other items; their
    directions among all items (latent semantic analysis) have.

    Args:
        vectors: float64 [n, d], of all training items, labelled or not.
        most: Directions at most; 0: none.
        seed: Of the approximation.

    Deerwester, Dumais, Furnas, Landauer, Harshman, Indexing by latent semantic analysis, Journal of
    the American Society for Information Science 1990.
    """
    there = vectors[has_vector(vectors)]
    if not most or vectors.shape[1] < _WIDE * most or len(there) < _WIDE * most:
        return np.zeros((vectors.shape[1], 0))
    from scipy.sparse import csr_matrix
    from sklearn.decomposition import TruncatedSVD

    svd = TruncatedSVD(most, random_state=seed_of(seed, "directions of texts") % 2**31)
    svd.fit(csr_matrix(there))
    # rounded as it is stored, so that a loaded part gives the same bytes
    return np.asarray(svd.components_.T.astype(np.float32), np.float64)


def with_directions(vectors: Doubles, directions: Doubles) -> Doubles:
    """float64 [n, n_directions + d]: where each item lies in these directions, at length one, and
    its vector; the vector alone where there are none.

    Both, because few labels are learnt better from the directions and many from the words.
    """
    if not directions.shape[1]:
        return vectors
    found = products(vectors, directions)
    length = np.linalg.norm(found, axis=1, keepdims=True)
    return np.concatenate([found / np.where(length > 0, length, 1.0), vectors], axis=1)
