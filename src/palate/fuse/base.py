"""What the operators share: one weight for each item and block, and the blocks side by side, scaled
by it.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self, final

import numpy as np

from palate import config, store
from palate.arrays import Floats, Mask, Matrix
from palate.errors import BadRecipe, Refused
from palate.fuse.sides import Sides
from palate.tables import Block, Origin, Training


class Operator(ABC):
    """Base of the operators. Authors write `learn` and `weights`.

    A row of the fused block is the item's rows of the blocks side by side, each of length one and
    scaled by the root of its weight. So the cosine of two fused rows is the weighted sum of their
    cosines in the blocks: fusion by weights without a common space, which a small catalogue could
    not teach. The weights of an item sum to one over the blocks that it has; a block that it does
    not have takes no part.

    Attributes:
        name: Versioned name of the part.
    """

    name: ClassVar[str]
    settings: Any
    names_: tuple[str, ...]

    @abstractmethod
    def learn(self, sides: Sides, training: Training) -> None:
        """Learn from the training part."""

    @abstractmethod
    def weights(self, sides: Sides) -> Floats:
        """float32 [n_items, n_blocks], >= 0, zero where a block is absent, rows summing to one (or
        zero).
        """

    @final
    def fit(self, blocks: Mapping[str, Block], training: Training) -> Self:
        """Learn how much each block counts.

        Raises:
            BadRecipe: No blocks.
            BadInput: Blocks of different items, or with NaN or infinite numbers.
        """
        sides = Sides.of(blocks)
        self.learn(sides, training)
        self.names_ = sides.names
        return self

    @final
    def fuse(self, blocks: Mapping[str, Block]) -> Block:
        """One block, rows of length one, present where any of the blocks is."""
        check_fitted(self, blocks)
        sides = Sides.of(blocks)
        weights = self.weights(sides)
        learnt = hashlib.sha256(np.ascontiguousarray(weights).tobytes()).hexdigest()
        return fused_block(
            self.name,
            self.settings,
            blocks,
            sides.joined(weights),
            np.asarray(sides.present.any(axis=1)),
            learnt,
        )


def fused_block(
    part: str,
    settings: Any,
    blocks: Mapping[str, Block],
    matrix: Matrix,
    present: Mask,
    learnt: str,
) -> Block:
    """A fused block with its origin.

    Args:
        part: Versioned name of the fuser.
        settings: Its settings.
        blocks: What was fused.
        matrix: float32 [n_items, d].
        present: bool [n_items].
        learnt: Digest of what the fuser learnt.
    """
    fields = tuple(
        dict.fromkeys(field for block in blocks.values() for field in block.origin.fields)
    )
    below = store.digest({name: block.origin.key() for name, block in blocks.items()})
    return Block(
        "fused", matrix, present, Origin(part, fields, config.resolved(settings), learnt, below)
    )


def check_fitted(fuser: Any, blocks: Mapping[str, Block]) -> None:
    """Refuse a fuser that is not fitted, or was fitted on other blocks."""
    if "names_" not in vars(fuser):
        raise Refused(
            f"{type(fuser).__name__} has not been fitted",
            next_step="call fit(blocks, training) first",
        )
    if tuple(blocks) != fuser.names_:
        what = f"fitted on {', '.join(fuser.names_)} and given {', '.join(blocks)}"
        raise BadRecipe(what, where="of", next_step="give the same blocks in the same order")
