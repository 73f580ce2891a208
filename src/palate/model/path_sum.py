"""A sum of walks over several kinds of edges, and what is needed to walk on to items to come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Doubles, Sparse
from palate.model.similarity import OneByOne, Thin


@dataclass(frozen=True)
class PathSum(OneByOne):
    """Most pairs are zero; the walks over people and their weights are kept beside them.

    Attributes:
        B: float32 CSR [n_items, n_items], all paths together.
        people: float32 CSR [n_items, n_items], the walk over people alone.
        weights: float64 [n_paths], how much each path counts.
    """

    B: Sparse
    people: Sparse
    weights: Doubles

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All numbers."""
        people = {f"people.{key}": a for key, a in Thin(self.people).arrays().items()}
        return {**Thin(self.B).arrays(), **people, "path_weights": self.weights}


def thin(B: Sparse) -> Sparse:
    """float32, without what is zero."""
    B = B.astype(np.float32)
    B.eliminate_zeros()
    return B
