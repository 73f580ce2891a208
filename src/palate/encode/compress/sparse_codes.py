"""A codec that keeps the few largest numbers of each item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from palate.arrays import Floats, Matrix
from palate.encode.compress.base import Codec, Codes
from palate.part_state import PartState

_HALF_MOST = 65_504.0


@dataclass(frozen=True)
class SparseSettings:
    """Settings of `storage.sparse.v1`."""

    keep: Annotated[int, Ge(1)] = 32
    """Numbers of an item that are kept, the largest ones; 4 bytes each. A narrower block is kept
    whole."""


class SparseCodes(Codec):
    """The largest numbers of each item with their positions; all others become zero.

    Good where a few columns say most about each item, as after `geometry.pca.v1`; elsewhere
    `storage.product.v1` keeps more in as many bytes.

    Args:
        settings: See `SparseSettings`.

    Cost: one pass over the numbers.

    Paper: T. Wen et al., Beyond Matryoshka: Revisiting Sparse Coding for Adaptive Representation,
        ICML 2025.
    """

    Settings = SparseSettings
    name: ClassVar[str] = "storage.sparse.v1"
    keeps_columns: ClassVar[bool] = True

    def __init__(self, settings: SparseSettings = SparseSettings()) -> None:
        self.settings = settings

    def learn(self, X: Matrix) -> None:
        """Nothing but the width."""
        self.width_ = X.shape[1]

    def learnt(self) -> Mapping[str, NDArray[Any]]:
        """Nothing."""
        return {}

    def restore(self, state: PartState) -> None:
        """Nothing but the width, which every transform keeps."""

    def pack(self, X: Floats) -> Codes:
        """uint8 [n, 4 keep]: positions as uint16, then numbers as float16."""
        keep = min(self.settings.keep, self.width_)
        # Stable, so that of equal numbers the first ones stay, whatever the neighbours are.
        order = np.argsort(-np.abs(X), axis=1, kind="stable")[:, :keep]
        positions = np.sort(order, axis=1)
        numbers = np.clip(np.take_along_axis(X, positions, axis=1), -_HALF_MOST, _HALF_MOST)
        both = (
            np.ascontiguousarray(positions.astype("<u2")),
            np.ascontiguousarray(numbers.astype("<f2")),
        )
        return np.hstack([part.view(np.uint8) for part in both])

    def unpack(self, codes: Codes) -> Floats:
        """float32 [n, d]."""
        half = codes.shape[1] // 2
        positions = np.ascontiguousarray(codes[:, :half]).view("<u2").astype(np.int64)
        numbers = np.ascontiguousarray(codes[:, half:]).view("<f2").astype(np.float32)
        out = np.zeros((len(codes), self.width_), np.float32)
        np.put_along_axis(out, positions, numbers, axis=1)
        return out
