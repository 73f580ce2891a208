"""A gate: what is known of an item decides how much each of its blocks counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from palate.arrays import Floats
from palate.fuse.base import Operator
from palate.fuse.learning import Objective, learn_map
from palate.fuse.sides import (
    Directions,
    Sides,
    directions_packed,
    directions_unpacked,
    shares,
)
from palate.gradient.loop import Curve
from palate.part_state import PartState
from palate.stages import FitContext
from palate.tables import Training


@dataclass(frozen=True)
class GatedSettings:
    """Settings of `fuse.gated.v1`."""

    of: tuple[str, ...] = ()
    """Blocks to fuse; empty: all blocks of the recipe that encoders make."""
    inputs: Annotated[int, Ge(1)] = 16
    """Widest directions of each block that the gate looks at."""
    objective: Objective = field(default_factory=Objective)
    """What it learns for."""


class Gated(Operator):
    """The weights of an item's blocks are softmax(W z + c), z being what all its blocks say of it.

    Learnt so that items that people had together become alike (`palate.fuse.learning`). Starts at
    equal weights and keeps them where nothing better is found on the validation cases.
    `fuse.attention.v1` looks at each block by itself, `fuse.time_decayed.v1` at popularity and age.

    Args:
        settings: See `GatedSettings`.

    Attributes:
        curve_: How learning went.

    Cost: some tens of seconds on one core; see `palate.fuse.learning.learn`.

    Wei et al., Hierarchical user intent graph network for multimedia recommendation, IEEE
    Transactions on Multimedia 2022; Arevalo et al., Gated multimodal units for information fusion,
    2017.
    """

    Settings = GatedSettings
    name: ClassVar[str] = "fuse.gated.v1"
    curve_: Curve

    def __init__(self, settings: GatedSettings | None = None) -> None:
        self.settings = settings or GatedSettings()

    def learn(self, sides: Sides, training: Training, context: FitContext) -> None:
        """Learn W and c."""
        rows = np.unique(training.log.item).astype(np.int32)
        self.directions_ = [
            Directions.of(X, rows[there[rows]], self.settings.inputs, context.seed)
            for X, there in zip(sides.matrices, sides.present.T, strict=True)
        ]
        self.map_, self.bias_, self.curve_ = learn_map(
            self.settings.objective, sides, training, context, self._inputs(sides)
        )

    def weights(self, sides: Sides) -> Floats:
        """float32 [n_items, n_blocks]."""
        return shares(self._inputs(sides) @ self.map_ + self.bias_, sides.present)

    def learnt(self) -> Mapping[str, NDArray[Any]]:
        """What the gate looks at, W and c."""
        return {**directions_packed(self.directions_), "map": self.map_, "bias": self.bias_}

    def restore(self, state: PartState) -> None:
        """Take up directions, W and c."""
        self.directions_ = directions_unpacked(state, self.widths_)
        n_inputs = sum(len(d.variance) for d in self.directions_)
        self.map_ = state.array("map", np.float32, n_inputs, len(self.names_))
        self.bias_ = state.array("bias", np.float32, len(self.names_))

    def _inputs(self, sides: Sides) -> Floats:
        parts = [
            directions(X, there)
            for directions, X, there in zip(
                self.directions_, sides.matrices, sides.present.T, strict=True
            )
        ]
        return np.hstack(parts) / np.float32(np.sqrt(max(sum(p.shape[1] for p in parts), 1)))
