"""The simple steps: subtract the mean, scale to length one, keep the first columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from palate.arrays import Matrix, l2_normalised
from palate.encode.geometry.base import Geometry, made_dense
from palate.part_state import PartState


@dataclass(frozen=True)
class CentreSettings:
    """Settings of `geometry.centre.v1`: none."""


class Centre(Geometry):
    """Subtract the mean of the training items.

    Embeddings crowd around one direction, which says nothing about any of them; without it cosines
    tell items apart. Follow it with `geometry.l2.v1` where cosines are wanted. Sparse blocks become
    dense, and wide ones are refused.

    Args:
        settings: None to make.

    Cost: one pass over the numbers.

    Paper: J. Mu and P. Viswanath, All-but-the-Top, ICLR 2018.
    """

    Settings = CentreSettings
    name: ClassVar[str] = "geometry.centre.v1"
    keeps_columns: ClassVar[bool] = True

    def __init__(self, settings: CentreSettings = CentreSettings()) -> None:
        self.settings = settings

    def learn(self, X: Matrix) -> None:
        """Learn the mean."""
        # in float64: a float32 sum over a million rows is off by more than small columns hold
        self.mean_ = made_dense(X, self.name).mean(axis=0, dtype=np.float64).astype(np.float32)

    def apply(self, X: Matrix) -> Matrix:
        """Subtract it."""
        return np.asarray(made_dense(X, self.name) - self.mean_, np.float32)

    def learnt(self) -> Mapping[str, NDArray[Any]]:
        """The mean, float32 [d]."""
        return {"mean": self.mean_}

    def restore(self, state: PartState) -> None:
        """Take up the mean."""
        self.mean_ = state.array("mean", np.float32, self.width_)


@dataclass(frozen=True)
class L2Settings:
    """Settings of `geometry.l2.v1`: none."""


class L2(Geometry):
    """Scale every item to length one, so that products are cosines; works on sparse blocks.

    Args:
        settings: None to make.

    Cost: one pass over the numbers.
    """

    Settings = L2Settings
    name: ClassVar[str] = "geometry.l2.v1"
    keeps_columns: ClassVar[bool] = True

    def __init__(self, settings: L2Settings = L2Settings()) -> None:
        self.settings = settings

    def learn(self, X: Matrix) -> None:
        """Nothing is learnt."""

    def learnt(self) -> Mapping[str, NDArray[Any]]:
        """Nothing."""
        return {}

    def restore(self, state: PartState) -> None:
        """Nothing is learnt."""

    def apply(self, X: Matrix) -> Matrix:
        """Rows of length one; rows of zeros stay zeros."""
        return l2_normalised(X)


@dataclass(frozen=True)
class TruncateSettings:
    """Settings of `geometry.truncate.v1`."""

    dims: Annotated[int, Ge(1)] = 128
    """Columns to keep, the first ones; a narrower block stays as it is."""

    normalise: bool = True
    """Scale every item to length one afterwards."""


class Truncate(Geometry):
    """Keep the first columns: for models that were trained so that these say most (Matryoshka).

    For other models use `geometry.pca.v1`, which finds the columns that say most.

    Args:
        settings: See `TruncateSettings`.

    Cost: one pass over the numbers that stay.

    Paper: A. Kusupati et al., Matryoshka Representation Learning, NeurIPS 2022.
    """

    Settings = TruncateSettings
    name: ClassVar[str] = "geometry.truncate.v1"
    keeps_columns: ClassVar[bool] = True

    def __init__(self, settings: TruncateSettings = TruncateSettings()) -> None:
        self.settings = settings

    def learn(self, X: Matrix) -> None:
        """Nothing is learnt."""

    def learnt(self) -> Mapping[str, NDArray[Any]]:
        """Nothing."""
        return {}

    def restore(self, state: PartState) -> None:
        """Nothing is learnt."""

    def apply(self, X: Matrix) -> Matrix:
        """float32 [n, dims]."""
        kept = X[:, : self.settings.dims]
        return l2_normalised(kept) if self.settings.normalise else kept
