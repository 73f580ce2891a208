"""A sum of walks over several kinds of edges, and what is needed to walk on to items to come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Doubles, Floats, Rows, Sparse
from palate.capabilities import PartialScores
from palate.model.similarity import Thin


@dataclass(frozen=True)
class PathSum:
    """Most pairs are zero; the walks over people and their weights are kept beside them.

    Attributes:
        B: float32 CSR [n_items, n_items], all paths together.
        people: float32 CSR [n_items, n_items], the walk over people alone.
        weights: float64 [n_paths], how much each path counts.
    """

    B: Sparse
    people: Sparse
    weights: Doubles

    @property
    def n_items(self) -> int:
        """Number of items."""
        return int(self.B.shape[0])

    def spread(self, W: Sparse) -> Floats:
        """float32 [n_cases, n_items], W @ B."""
        return Thin(self.B).spread(W)

    def partly(self, W: Sparse) -> PartialScores:
        """W @ B at single places."""
        return Thin(self.B).partly(W)

    def pairs(self, source: Rows, target: Rows) -> Doubles:
        """float64 [n], B at each pair."""
        return Thin(self.B).pairs(source, target)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All numbers."""
        people = {f"people.{key}": a for key, a in Thin(self.people).arrays().items()}
        return {**Thin(self.B).arrays(), **people, "path_weights": self.weights}


def thin(B: Sparse) -> Sparse:
    """float32, without what is zero."""
    B = B.astype(np.float32)
    B.eliminate_zeros()
    return B
