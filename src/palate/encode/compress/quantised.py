"""Codecs that replace vectors by the numbers of learnt centres: product codes and residual
codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge, Le
from numpy.typing import NDArray
from scipy import sparse

from palate.arrays import Floats, Longs, Matrix
from palate.encode.compress.base import Codec, Codes
from palate.encode.compress.kmeans import centres_of, nearest_centre
from palate.encode.geometry.base import Geometry, made_dense
from palate.part_state import PartState, several


@dataclass(frozen=True)
class ProductSettings:
    """Settings of `storage.product.v1`."""

    n_bytes: Annotated[int, Ge(1)] = 48
    """Bytes of an item: the columns are cut into so many groups, each coded by one byte; a
    block of fewer columns takes one for each."""

    seed: int = 0
    """Of the centres."""


class Product(Codec):
    """Product codes: each group of columns is replaced by the nearest of 256 centres, one byte a
    group.

    Put `geometry.pca.v1` or `geometry.whiten.v1` before it, so that the groups share the work
    evenly.

    Args:
        settings: See `ProductSettings`.

    Cost: 5,000 operations a number of the training items, 500 of all items.

    Paper: H. Jégou, M. Douze and C. Schmid, Product quantization for nearest neighbor search, TPAMI
        2011.
    """

    Settings = ProductSettings
    name: ClassVar[str] = "storage.product.v1"

    def __init__(self, settings: ProductSettings = ProductSettings()) -> None:
        self.settings = settings

    def learn(self, X: Matrix) -> None:
        """Learn the centres of each group."""
        X = made_dense(X, self.name)
        self.groups_ = self._groups(X.shape[1])
        self.centres_ = [
            centres_of(np.ascontiguousarray(X[:, g]), 256, self.settings.seed, "product", i)
            for i, g in enumerate(self.groups_)
        ]

    def pack(self, X: Floats) -> Codes:
        """uint8 [n, n_bytes]."""
        pairs = zip(self.groups_, self.centres_, strict=True)
        return np.column_stack([nearest_centre(X[:, g], centres) for g, centres in pairs]).astype(
            np.uint8
        )

    def unpack(self, codes: Codes) -> Floats:
        """float32 [n, d]."""
        return np.hstack([centres[codes[:, i]] for i, centres in enumerate(self.centres_)])

    def learnt(self) -> Mapping[str, NDArray[Any]]:
        """The centres of each group."""
        return several("centres", self.centres_, np.float32, 2)

    def restore(self, state: PartState) -> None:
        """Take up the centres."""
        self.groups_, self.centres_ = (
            self._groups(self.width_),
            state.arrays("centres", np.float32, 2),
        )
        if [c.shape[1] for c in self.centres_] != [len(g) for g in self.groups_]:
            raise state.damaged("its centres are not those of these groups")
        _check_centres(self.centres_, state)

    def _groups(self, width: int) -> list[Longs]:
        return np.array_split(np.arange(width), min(self.settings.n_bytes, width))


@dataclass(frozen=True)
class ResidualSettings:
    """Settings of `storage.residual.v1` and `geometry.codes.v1`."""

    levels: Annotated[int, Ge(1), Le(256)] = 6
    """Bytes of an item: each level codes what the levels before it left over."""

    centres: Annotated[int, Ge(2), Le(256)] = 256
    """Centres of a level."""

    seed: int = 0
    """Of the centres."""


class Residual(Codec):
    """Residual codes: the nearest of 256 centres, then the nearest to what is left, and so on: a
    few bytes an item.

    Coarse and very small; items that share their first codes are alike. For a feature of a tree or
    factorisation model take the codes themselves: `geometry.codes.v1`.

    Args:
        settings: See `ResidualSettings`.

    Cost: levels x 5,000 operations a number of the training items.

    Paper: Y. Chen, T. Guan and C. Wang, Approximate nearest neighbor search by residual vector
    quantization, Sensors 10 (2010).
    """

    Settings = ResidualSettings
    name: ClassVar[str] = "storage.residual.v1"

    def __init__(self, settings: ResidualSettings = ResidualSettings()) -> None:
        self.settings = settings

    def learn(self, X: Matrix) -> None:
        """Learn the centres of each level."""
        self.centres_ = _levels(made_dense(X, self.name), self.settings)

    def pack(self, X: Floats) -> Codes:
        """uint8 [n, levels]."""
        return _codes(X, self.centres_)

    def unpack(self, codes: Codes) -> Floats:
        """float32 [n, d]."""
        return np.asarray(
            sum(centres[codes[:, i]] for i, centres in enumerate(self.centres_)), np.float32
        )

    def learnt(self) -> Mapping[str, NDArray[Any]]:
        """The centres of each level."""
        return several("centres", self.centres_, np.float32, 2)

    def restore(self, state: PartState) -> None:
        """Take up the centres."""
        self.centres_ = _restored_levels(state, self.settings, self.width_)


class CodesOf(Geometry):
    """The residual codes themselves, one indicator column for each centre of each level; sparse.

    Args:
        settings: See `ResidualSettings`.

    Cost: that of `storage.residual.v1`.

    Paper: X. Luo et al., QARM: Quantitative Alignment Multi-Modal Recommendation at Kuaishou, CIKM
        2025.
    """

    Settings = ResidualSettings
    name: ClassVar[str] = "geometry.codes.v1"

    def __init__(self, settings: ResidualSettings = ResidualSettings()) -> None:
        self.settings = settings

    def learn(self, X: Matrix) -> None:
        """Learn the centres of each level."""
        self.centres_ = _levels(made_dense(X, self.name), self.settings)

    def apply(self, X: Matrix) -> Matrix:
        """float32 CSR [n, centres of all levels], one 1 for each level."""
        codes = _codes(made_dense(X, self.name), self.centres_).astype(np.int64)
        sizes = [len(c) for c in self.centres_]
        columns = codes + np.concatenate([[0], np.cumsum(sizes)[:-1]])
        offsets = np.arange(0, codes.size + 1, len(sizes))
        shape = (len(codes), sum(sizes))
        return sparse.csr_matrix(
            (np.ones(codes.size, np.float32), columns.ravel(), offsets), shape=shape
        )

    def learnt(self) -> Mapping[str, NDArray[Any]]:
        """The centres of each level."""
        return several("centres", self.centres_, np.float32, 2)

    def restore(self, state: PartState) -> None:
        """Take up the centres."""
        self.centres_ = _restored_levels(state, self.settings, self.width_)


def _levels(X: Floats, settings: ResidualSettings) -> list[Floats]:
    left, found = X, []
    for level in range(settings.levels):
        centres = centres_of(left, settings.centres, settings.seed, "residual", level)
        found.append(centres)
        left = left - centres[nearest_centre(left, centres)]
    return found


def _restored_levels(state: PartState, settings: ResidualSettings, width: int) -> list[Floats]:
    levels = state.arrays("centres", np.float32, 2)
    if [c.shape[1] for c in levels] != [width] * settings.levels:
        raise state.damaged("its centres are not those of these levels")
    _check_centres(levels, state)
    return levels


def _check_centres(centres: list[Floats], state: PartState) -> None:
    if not all(1 <= len(c) <= 256 for c in centres):
        raise state.damaged("a code of one byte names 1 to 256 centres")


def _codes(X: Floats, levels: list[Floats]) -> Codes:
    left, codes = X, []
    for centres in levels:
        place = nearest_centre(left, centres)
        codes.append(place)
        left = left - centres[place]
    return np.column_stack(codes).astype(np.uint8)
