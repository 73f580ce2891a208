"""What all codecs share: vectors become bytes, and bytes become vectors that are nearly the
same.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Floats, Matrix
from palate.capabilities import Packs
from palate.encode.geometry.base import Geometry, made_dense

Codes: TypeAlias = NDArray[np.uint8]
"""uint8 [n, bytes of an item]."""


class Codec(Geometry, Packs):
    """Base of the codecs. Authors write `learn`, `pack`, `unpack`, `learnt` and `restore`.

    As a transform a codec gives the block as it will be after it was stored, so that a recipe
    measures what the smaller block costs; `pack` and `unpack` are for storing it.
    """

    @abstractmethod
    def pack(self, X: Floats) -> Codes:
        """Bytes of the rows of X, float32 [n, d]."""

    @abstractmethod
    def unpack(self, codes: Codes) -> Floats:
        """float32 [n, d], nearly the vectors that were packed."""

    @final
    def packed_bytes(self, X: Floats) -> int:
        """Bytes of one row of X; it learns from X first."""
        self.learn(X)
        return int(self.pack(X).shape[1])

    @final
    def apply(self, X: Matrix) -> Matrix:
        """What is left of X after it was packed and unpacked."""
        return self.unpack(self.pack(made_dense(X, self.name)))
