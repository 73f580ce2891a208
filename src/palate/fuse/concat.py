"""Concatenation: every block counts the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from numpy.typing import NDArray

from palate.arrays import Floats
from palate.fuse.base import Operator
from palate.fuse.sides import Sides
from palate.part_state import PartState
from palate.stages import FitContext
from palate.tables import Training


@dataclass(frozen=True)
class ConcatSettings:
    """Settings of `fuse.concat.v1`."""

    of: tuple[str, ...] = ()
    """Blocks to fuse; empty: all blocks of the recipe that encoders make."""


class Concat(Operator):
    """The blocks side by side, each with the same weight; nothing is learnt.

    The operator that the others have to beat. Where one block is much better than another use
    `fuse.weighted.v1`.

    Args:
        settings: See `ConcatSettings`.

    Cost: one copy of the blocks.
    """

    Settings = ConcatSettings
    name: ClassVar[str] = "fuse.concat.v1"

    def __init__(self, settings: ConcatSettings | None = None) -> None:
        self.settings = settings or ConcatSettings()

    def learn(self, sides: Sides, training: Training, context: FitContext) -> None:
        """Nothing."""

    def weights(self, sides: Sides) -> Floats:
        """float32 [n_items, n_blocks], one over the number of blocks that the item has."""
        return sides.even()

    def learnt(self) -> Mapping[str, NDArray[Any]]:
        """Nothing."""
        return {}

    def restore(self, state: PartState) -> None:
        """Nothing."""
