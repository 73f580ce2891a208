"""What items without a label teach: where the middle of the catalogue's texts is, and in which
directions they differ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from palate.arrays import Doubles
from palate.encode.attributes.local.sentences import has_vector, products
from palate.seeding import seed_of

_WIDE = 4
"""Vectors of so many times as many columns as directions are wide: hashed words."""


@dataclass(frozen=True, eq=False)
class TextSpace:
    """From sentence vectors to the columns that labels are learnt from.

    Attributes:
        middle: float64 [d], subtracted from vectors that are not wide; zeros for those that are.
        directions: float64 [d, n_directions], those in which the items differ most; [d, 0] for
            vectors that are not wide.

    Deerwester, Dumais, Furnas, Landauer, Harshman, Indexing by latent semantic analysis, Journal of
    the American Society for Information Science 1990.
    """

    middle: Doubles
    directions: Doubles

    @classmethod
    def learn(cls, vectors: Doubles, most: int, seed: int) -> TextSpace:
        """From the training items, labelled or not.

        Vectors of some models all lie near their middle; hashed words of two hundred labels have
        little in common with those of other items, and their directions among all items have.

        Args:
            vectors: float64 [n, d]; zeros for an item without text.
            most: Directions at most; 0: none.
            seed: Of the approximation.
        """
        there = vectors[has_vector(vectors)]
        d = vectors.shape[1]
        wide = most > 0 and d >= _WIDE * most and len(there) >= _WIDE * most
        if not wide:
            # rounded as they are stored, so that a loaded part gives the same bytes
            middle = there.mean(axis=0) if len(there) > 1 else np.zeros(d)
            return cls(_rounded(middle), np.zeros((d, 0)))
        from scipy.sparse import csr_matrix
        from sklearn.decomposition import TruncatedSVD

        svd = TruncatedSVD(most, random_state=seed_of(seed, "directions of texts") % 2**31)
        return cls(np.zeros(d), _rounded(svd.fit(csr_matrix(there)).components_.T))

    @property
    def width(self) -> int:
        """Columns that come out."""
        return sum(self.directions.shape)

    def columns(self, vectors: Doubles) -> Doubles:
        """float64 [n, width]: where each item lies in the directions, at length one, and its vector
        less the middle, at length one; zeros where the vector is.

        Both, because few labels are learnt better from the directions and many from the words.
        """
        there = has_vector(vectors)[:, None]
        own = _unit(np.where(there, vectors - self.middle, 0.0))
        if not self.directions.shape[1]:
            return own
        return np.concatenate([_unit(products(vectors, self.directions)), own], axis=1)


def _unit(vectors: Doubles) -> Doubles:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, 1.0))


def _rounded(values: Doubles) -> Doubles:
    return np.asarray(values.astype(np.float32), np.float64)
