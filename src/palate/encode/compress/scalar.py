"""Codecs that shorten every number by itself: 2 bytes, 1 byte, 1 bit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge, Lt
from numpy.typing import NDArray

from palate.arrays import Floats, Matrix, inverse
from palate.encode.compress.base import Codec, Codes
from palate.encode.geometry.base import made_dense
from palate.part_state import PartState

_HALF_MOST = 65_504.0


@dataclass(frozen=True)
class Float16Settings:
    """Settings of `storage.float16.v1`: none."""


class Float16(Codec):
    """Numbers of 2 bytes: half the size, and nothing that a ranking would notice.

    Args:
        settings: None to make.

    Cost: one pass over the numbers.
    """

    Settings = Float16Settings
    name: ClassVar[str] = "storage.float16.v1"
    keeps_columns: ClassVar[bool] = True

    def __init__(self, settings: Float16Settings = Float16Settings()) -> None:
        self.settings = settings

    def learn(self, X: Matrix) -> None:
        """Nothing is learnt."""

    def learnt(self) -> Mapping[str, NDArray[Any]]:
        """Nothing."""
        return {}

    def restore(self, state: PartState) -> None:
        """Nothing is learnt."""

    def pack(self, X: Floats) -> Codes:
        """uint8 [n, 2 d]."""
        return np.ascontiguousarray(np.clip(X, -_HALF_MOST, _HALF_MOST).astype("<f2")).view(
            np.uint8
        )

    def unpack(self, codes: Codes) -> Floats:
        """float32 [n, d]."""
        return np.ascontiguousarray(codes).view("<f2").astype(np.float32)


@dataclass(frozen=True)
class Int8Settings:
    """Settings of `storage.int8.v1`."""

    outliers: Annotated[float, Ge(0), Lt(0.5)] = 0.001
    """Share of the training items whose numbers may lie outside the range of a column, on either
    side; they are brought back to its ends."""


class Int8(Codec):
    """Numbers of 1 byte, each column with a range of its own: a quarter of the size.

    Args:
        settings: See `Int8Settings`.

    Cost: one pass over the numbers, and sorting each column of the training items.
    """

    Settings = Int8Settings
    name: ClassVar[str] = "storage.int8.v1"
    keeps_columns: ClassVar[bool] = True

    def __init__(self, settings: Int8Settings = Int8Settings()) -> None:
        self.settings = settings

    def learn(self, X: Matrix) -> None:
        """Learn the range of each column."""
        share = self.settings.outliers
        low, high = np.quantile(made_dense(X, self.name), [share, 1 - share], axis=0)
        step = ((high - low) / 255).astype(np.float32)
        # a step below the smallest normal number has no inverse, and no number is that near to
        # another
        self.low_, self.step_ = (
            low.astype(np.float32),
            np.where(step < np.finfo(np.float32).tiny, 0, step),
        )

    def pack(self, X: Floats) -> Codes:
        """uint8 [n, d]."""
        return np.asarray(np.clip(np.rint((X - self.low_) * inverse(self.step_)), 0, 255), np.uint8)

    def unpack(self, codes: Codes) -> Floats:
        """float32 [n, d]."""
        return np.asarray(codes * self.step_ + self.low_, np.float32)

    def learnt(self) -> Mapping[str, NDArray[Any]]:
        """Lower end and step of each column, float32 [d]."""
        return {"low": self.low_, "step": self.step_}

    def restore(self, state: PartState) -> None:
        """Take up the ranges."""
        self.low_ = state.array("low", np.float32, self.width_)
        self.step_ = state.array("step", np.float32, self.width_)


@dataclass(frozen=True)
class BinarySettings:
    """Settings of `storage.binary.v1`: none."""


class Binary(Codec):
    """One bit a number, above or below the column's middle: a thirty-second of the size.

    Unpacked, a bit is the mean of the training items on its side. Distances of bits are counted
    quickly; the best of them should be scored again with the unpacked vectors
    (`palate.encode.compress.search.nearest` does), which brings back most of what the bits lose.

    Args:
        settings: None to make.

    Cost: one pass over the numbers, and the median of each column of the training items.

    Paper: I. Yamada et al., Efficient Passage Retrieval with Hashing, ACL 2021.
    """

    Settings = BinarySettings
    name: ClassVar[str] = "storage.binary.v1"
    keeps_columns: ClassVar[bool] = True

    def __init__(self, settings: BinarySettings = BinarySettings()) -> None:
        self.settings = settings

    def learn(self, X: Matrix) -> None:
        """Learn the middle of each column and the means on either side of it."""
        X = made_dense(X, self.name)
        self.middle_ = np.median(X, axis=0).astype(np.float32)
        above = np.greater(X, self.middle_)
        n_above = above.sum(axis=0)
        high = np.where(above, X, 0).sum(axis=0, dtype=np.float64) * inverse(n_above)
        low = np.where(above, 0, X).sum(axis=0, dtype=np.float64) * inverse(len(X) - n_above)
        self.high_ = np.where(n_above > 0, high, low).astype(np.float32)
        self.low_ = low.astype(np.float32)

    def pack(self, X: Floats) -> Codes:
        """uint8 [n, d / 8], rounded up."""
        return np.packbits(np.greater(X, self.middle_), axis=1)

    def unpack(self, codes: Codes) -> Floats:
        """float32 [n, d]."""
        above = np.unpackbits(codes, axis=1, count=len(self.middle_)).astype(bool)
        return np.asarray(np.where(above, self.high_, self.low_), np.float32)

    def learnt(self) -> Mapping[str, NDArray[Any]]:
        """Middle of each column and the means on either side, float32 [d]."""
        return {"middle": self.middle_, "high": self.high_, "low": self.low_}

    def restore(self, state: PartState) -> None:
        """Take up middles and means."""
        self.middle_, self.high_, self.low_ = (
            state.array(name, np.float32, self.width_) for name in ("middle", "high", "low")
        )
