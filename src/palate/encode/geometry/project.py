"""Random directions: as good as any where nothing may be learnt, and the quickest way down from
many columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from palate.arrays import Matrix
from palate.encode.geometry.base import Geometry
from palate.part_state import PartState
from palate.seeding import generator


@dataclass(frozen=True)
class ProjectSettings:
    """Settings of `geometry.project.v1`."""

    dims: Annotated[int, Ge(1)] = 256
    """Columns of the result."""

    seed: int = 0
    """The directions are drawn from this and from the two widths."""


class Project(Geometry):
    """Project on random directions; distances and products are kept up to about 1 / sqrt(dims).

    Learns nothing, takes sparse blocks of any width, and gives dense ones. `geometry.pca.v1` keeps
    more with as many columns, and costs more.

    Args:
        settings: See `ProjectSettings`.

    Cost: (numbers of the block) x dims operations.

    Paper: W. Johnson and J. Lindenstrauss, Contemporary Mathematics 26 (1984).
    """

    Settings = ProjectSettings
    name: ClassVar[str] = "geometry.project.v1"

    def __init__(self, settings: ProjectSettings = ProjectSettings()) -> None:
        self.settings = settings

    def learn(self, X: Matrix) -> None:
        """Draw the directions; only the width of X is looked at."""
        dims = self.settings.dims
        draws = generator(self.settings.seed, "project", X.shape[1], dims).standard_normal(
            (X.shape[1], dims)
        )
        # so that squared lengths are kept on average
        self.directions_ = (draws / np.sqrt(dims)).astype(np.float32)

    def apply(self, X: Matrix) -> Matrix:
        """float32 [n, dims]."""
        return np.asarray(X @ self.directions_, np.float32)

    def learnt(self) -> Mapping[str, NDArray[Any]]:
        """The directions, float32 [d, dims]: another numpy might draw others by the same seed."""
        return {"directions": self.directions_}

    def restore(self, state: PartState) -> None:
        """Take up the directions."""
        self.directions_ = state.array("directions", np.float32, self.width_, self.settings.dims)
