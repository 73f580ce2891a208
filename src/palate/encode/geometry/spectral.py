"""Steps along principal directions: PCA, shrinkage of the spectrum, whitening."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.typing import NDArray

from palate.arrays import Doubles, Matrix
from palate.encode.geometry.base import Geometry, made_dense
from palate.encode.geometry.directions import Directions
from palate.errors import BadRecipe
from palate.part_state import PartState, several


@dataclass(frozen=True)
class PcaSettings:
    """Settings of `geometry.pca.v1`."""

    dims: Annotated[int, Ge(1)] = 128
    """Directions to keep, the widest ones; fewer where the training items have no more."""


class Pca(Geometry):
    """Centre, and keep the directions in which the training items differ most.

    Sparse blocks of any width are taken, and become dense. To make the kept directions equally wide
    use `geometry.whiten.v1`, to make them more nearly so `geometry.shrink.v1`.

    Args:
        settings: See `PcaSettings`.

    Cost: n d^2 operations for a dense block; for a sparse one 14 dims times its numbers, and the
    directions are right to about a per cent.

    Paper: K. Pearson, On lines and planes of closest fit, Philosophical Magazine 2 (1901).
    """

    Settings = PcaSettings
    name: ClassVar[str] = "geometry.pca.v1"

    def __init__(self, settings: PcaSettings = PcaSettings()) -> None:
        self.settings = settings

    def learn(self, X: Matrix) -> None:
        """Learn mean and directions."""
        self.directions_ = Directions.of(X, self.settings.dims, self.name)

    def apply(self, X: Matrix) -> Matrix:
        """float32 [n, dims]."""
        return self.directions_.coordinates(X).astype(np.float32)

    def learnt(self) -> Mapping[str, NDArray[Any]]:
        """Mean, directions and their singular values."""
        return self.directions_.arrays()

    def restore(self, state: PartState) -> None:
        """Take up mean and directions."""
        self.directions_ = Directions.restored(state, self.width_)


@dataclass(frozen=True)
class ShrinkSettings:
    """Settings of `geometry.shrink.v1`."""

    strength: Annotated[float, Ge(0)] = 100.0
    """lambda: 0 whitens, infinity leaves the spectrum as it is; measured in squared singular values
    of the training items, whose sum is about their number where they have length one. Choose it on
    validation."""

    dims: Annotated[int, Ge(1)] | None = 128
    """Directions to keep, the widest ones; fewer where the training items have no more; None for
    all."""


class Shrink(Geometry):
    """Bring the wide directions down towards the narrow ones, as far as `strength` says.

    With E = U S V' the centred training items, an item becomes its coordinates along V divided by
    sqrt(S^2 + lambda), and all are scaled so that training items have length one on average.
    Whitening makes noise as loud as meaning, and doing nothing lets a few directions drown the
    rest: the best lies between, and differs between kinds of text.

    Args:
        settings: See `ShrinkSettings`.

    Cost: that of `geometry.pca.v1`.

    Paper: ACE, SIGIR 2026, arXiv:2605.29322.
    """

    Settings = ShrinkSettings
    name: ClassVar[str] = "geometry.shrink.v1"

    def __init__(self, settings: ShrinkSettings = ShrinkSettings()) -> None:
        self.settings = settings

    def learn(self, X: Matrix) -> None:
        """Learn mean, directions and their weights."""
        self.directions_ = Directions.of(X, self.settings.dims, self.name)
        self.weights_ = self._weights()

    def apply(self, X: Matrix) -> Matrix:
        """float32 [n, dims]."""
        return np.asarray(self.directions_.coordinates(X) * self.weights_, np.float32)

    def learnt(self) -> Mapping[str, NDArray[Any]]:
        """Mean, directions and their singular values, of which the weights follow."""
        return self.directions_.arrays()

    def restore(self, state: PartState) -> None:
        """Take up mean and directions."""
        self.directions_ = Directions.restored(state, self.width_)
        self.weights_ = self._weights()

    def _weights(self) -> Doubles:
        """float64 [k]."""
        squared = self.directions_.singular**2
        strength = self.settings.strength
        weights = np.ones_like(squared) if np.isinf(strength) else 1.0 / np.sqrt(squared + strength)
        # Sum of squared lengths of the training items is sum(S^2 w^2); the mean is brought to one.
        mean = (squared * weights**2).sum() / self.directions_.n_rows
        return np.asarray(weights / np.sqrt(mean), np.float64)


@dataclass(frozen=True)
class WhitenSettings:
    """Settings of `geometry.whiten.v1`."""

    kind: Literal["zca", "pca"] = "zca"
    """`"zca"` turns back to the block's own columns, `"pca"` stays in principal directions."""

    ridge: Annotated[float, Ge(0), Le(1)] = 1e-3
    """Added to every variance, as a share of their mean: keeps directions of mere noise quiet."""

    groups: Annotated[int, Ge(1)] = 1
    """Whiten so many groups of neighbouring columns each by itself, which is milder."""

    dims: Annotated[int, Gt(0)] | None = None
    """With `"pca"` and one group: directions to keep; None for all."""


class Whiten(Geometry):
    """Centre, and make all directions equally wide and unrelated.

    Helps product titles and hurts prose; `geometry.shrink.v1` with a strength chosen on validation
    is safer.

    Args:
        settings: See `WhitenSettings`.

    Cost: that of `geometry.pca.v1`.

    Paper: L. Zhang et al., Are ID Embeddings Necessary? Whitening Pre-trained Text Embeddings, ICDE
    2024, arXiv:2402.10602.
    """

    Settings = WhitenSettings
    name: ClassVar[str] = "geometry.whiten.v1"

    def __init__(self, settings: WhitenSettings = WhitenSettings()) -> None:
        self.settings = settings

    def learn(self, X: Matrix) -> None:
        """Learn mean and whitening matrix of each group.

        Raises:
            BadRecipe: More groups than columns, or `dims` where all directions are kept.
        """
        s = self.settings
        if s.groups > X.shape[1] or (s.dims is not None and (s.kind == "zca" or s.groups > 1)):
            raise BadRecipe(
                f"groups = {s.groups} and dims = {s.dims} do not go with kind = {s.kind!r} and"
                f" {X.shape[1]} columns",
                where=self.name,
                allowed='groups up to the number of columns; dims with kind = "pca" and one group',
                next_step='write kind = "pca", or leave dims out',
            )
        X = made_dense(X, self.name)
        self.parts_ = [self._part(X[:, c]) for c in np.array_split(np.arange(X.shape[1]), s.groups)]

    def apply(self, X: Matrix) -> Matrix:
        """float32 [n, d] or [n, dims]."""
        X = made_dense(X, self.name)
        groups = np.array_split(np.arange(X.shape[1]), self.settings.groups)
        parts = [(X[:, c] - mean) @ W for c, (mean, W) in zip(groups, self.parts_, strict=True)]
        return np.hstack(parts).astype(np.float32)

    def learnt(self) -> Mapping[str, NDArray[Any]]:
        """Mean and whitening matrix of each group."""
        return {
            "means": np.concatenate([mean for mean, _ in self.parts_]),
            **several("matrices", [W for _, W in self.parts_], np.float64, 2),
        }

    def restore(self, state: PartState) -> None:
        """Take up means and matrices."""
        groups = np.array_split(np.arange(self.width_), self.settings.groups)
        means = state.array("means", np.float64, self.width_)
        matrices = state.arrays("matrices", np.float64, 2)
        if [len(W) for W in matrices] != [len(c) for c in groups]:
            raise state.damaged("its matrices are not those of these groups")
        self.parts_ = [(means[c], W) for c, W in zip(groups, matrices, strict=True)]

    def _part(self, X: Matrix) -> tuple[Doubles, Doubles]:
        found = Directions.of(X, self.settings.dims, self.name)
        variance = found.singular**2 / found.n_rows
        # a share of the mean over all columns, those without spread too, so that the ridge does not
        # depend on how many directions were found
        scaled = found.axes / np.sqrt(variance + self.settings.ridge * variance.sum() / X.shape[1])
        # turned back, it is the whitening that moves the items least
        W = scaled @ found.axes.T if self.settings.kind == "zca" else scaled
        return found.mean, np.ascontiguousarray(W)
