"""Weights of blocks that change as an item ages and becomes known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Doubles, Floats
from palate.errors import BadInput
from palate.fuse.base import Operator
from palate.fuse.learning import Objective, learn_map
from palate.fuse.sides import Sides, shares
from palate.gradient.loop import Curve
from palate.part_state import PartState
from palate.stages import FitContext
from palate.tables import Interactions, Training

DAY = 86_400


@dataclass(frozen=True)
class TimeDecayedSettings:
    """Settings of `fuse.time_decayed.v1`."""

    of: tuple[str, ...] = ()
    """Blocks to fuse; empty: all blocks of the recipe that encoders make."""
    popularity: bool = True
    """Whether the number of an item's training events counts."""
    age: bool = True
    """Whether the days since its first training event count, where the log has times."""
    objective: Objective = field(default_factory=Objective)
    """What it learns for."""


class TimeDecayed(Operator):
    """The weights of an item's blocks are softmax(c + p log(1 + n_i) + a log(1 + days_i)).

    n_i is how often the item was had in training, days_i how long it has been there: new and
    unknown items can lean on another block than old and popular ones. p and a are one number for
    each block. For a gate between behaviour and content, which is where popularity matters most,
    see `gate` of `model.blend.v1`.

    Args:
        settings: See `TimeDecayedSettings`.

    Attributes:
        curve_: How learning went.
        slopes_: float32 [2, n_blocks], p and a.
        bias_: float32 [n_blocks], c.

    Cost: some tens of seconds on one core; see `palate.fuse.learning.learn`.
    """

    Settings = TimeDecayedSettings
    name: ClassVar[str] = "fuse.time_decayed.v1"
    curve_: Curve
    slopes_: Floats
    bias_: Floats

    def __init__(self, settings: TimeDecayedSettings | None = None) -> None:
        self.settings = settings or TimeDecayedSettings()

    def learn(self, sides: Sides, training: Training, context: FitContext) -> None:
        """Learn p, a and c."""
        known = standing(training.log)
        known[:, [not self.settings.popularity, not self.settings.age]] = 0
        # Items behind the last that was ever had are like items that come later: never had, just
        # there.
        self.inputs_ = known[: np.flatnonzero(known.any(axis=1)).max(initial=-1) + 1].copy()
        inputs = known.astype(np.float32)
        self.slopes_, self.bias_, self.curve_ = learn_map(
            self.settings.objective, sides, training, context, inputs
        )

    def weights(self, sides: Sides) -> Floats:
        """float32 [n_items, n_blocks]; items behind those of `fit` are new and have no events yet.

        Raises:
            BadInput: Fewer items than training knows, whose standing cannot be dealt out.
        """
        n_new = len(sides) - len(self.inputs_)
        if n_new < 0:
            raise BadInput(
                f"{len(sides)} items",
                where="of",
                allowed=f"the {len(self.inputs_)} or more it was fitted on, new ones behind them",
            )
        inputs = np.concatenate([self.inputs_, np.zeros((n_new, 2))])
        return shares(inputs @ self.slopes_ + self.bias_, sides.present)

    def learnt(self) -> Mapping[str, NDArray[Any]]:
        """p, a and c, and how often and how long each item of the training part was had."""
        return {"standing": self.inputs_, "slopes": self.slopes_, "bias": self.bias_}

    def restore(self, state: PartState) -> None:
        """Take up p, a, c and the items' standing."""
        n = len(self.names_)
        self.inputs_ = state.array("standing", np.float64, None, 2)
        self.slopes_ = state.array("slopes", np.float32, 2, n)
        self.bias_ = state.array("bias", np.float32, n)


def standing(log: Interactions) -> Doubles:
    """float64 [n_items, 2]: log(1 + events), and log(1 + days since the first event); 0 for what is
    not known.
    """
    first = np.zeros(log.n_items)
    if log.time is not None and log.has_timestamps():
        end = log.time.max()
        first_time = np.full(log.n_items, end, np.int64)
        np.minimum.at(first_time, log.item, log.time)
        first = (end - first_time) / DAY
    return np.stack([np.log1p(log.item_counts()), np.log1p(first)], axis=1).astype(np.float64)
