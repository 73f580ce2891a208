"""What the operators share: one weight for each item and block, and the blocks side by side, scaled
by it.
"""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self, final

import numpy as np
from numpy.typing import NDArray

from palate import config, store
from palate.arrays import Floats, Mask, Matrix
from palate.capabilities import Reads, Related
from palate.errors import BadInput, BadRecipe
from palate.fuse.sides import Sides
from palate.part_state import PartState, fitted, state_of
from palate.stages import FitContext
from palate.store import Artefact
from palate.tables import Block, Origin, Training


class Operator(Related):
    """Base of the operators. Authors write `learn`, `weights`, `learnt` and `restore`.

    A row of the fused block is the item's rows of the blocks side by side, each of length one and
    scaled by the root of its weight. So the cosine of two fused rows is the weighted sum of their
    cosines in the blocks: fusion by weights without a common space, which a small catalogue could
    not teach. The weights of an item sum to one over the blocks that it has; a block that it does
    not have takes no part.

    Attributes:
        name: Versioned name of the part.
        names_: Names of the blocks that it was fitted on.
        widths_: Their columns.
    """

    name: ClassVar[str]
    settings: Any
    names_: tuple[str, ...]
    widths_: tuple[int, ...]

    @final
    @classmethod
    def reads(cls, settings: Any) -> Reads:
        """The blocks that `of` names."""
        return Reads(blocks=settings.of, every_block=not settings.of)

    @abstractmethod
    def learn(self, sides: Sides, training: Training, context: FitContext) -> None:
        """Learn from the training part."""

    @abstractmethod
    def weights(self, sides: Sides) -> Floats:
        """float32 [n_items, n_blocks], >= 0, zero where a block is absent, rows summing to one (or
        zero).
        """

    @abstractmethod
    def learnt(self) -> Mapping[str, NDArray[Any]]:
        """What `learn` learnt, by name; empty where nothing is."""

    @abstractmethod
    def restore(self, state: PartState) -> None:
        """Take up what `learnt` gave, in place of `learn`; `names_` and `widths_` are known."""

    @final
    def fit(
        self, blocks: Mapping[str, Block], training: Training, context: FitContext = FitContext()
    ) -> Self:
        """Learn how much each block counts.

        Raises:
            BadRecipe: No blocks.
            BadInput: Blocks of different items, or with NaN or infinite numbers.
        """
        sides = Sides.of(blocks)
        self.learn(sides, training, context)
        self.names_, self.widths_ = sides.names, sides.widths
        return self

    @final
    def state(self) -> Artefact:
        """What was learnt, and of which blocks.

        Raises:
            Refused: The fuser has not been fitted.
        """
        blocks = list(zip(fitted(self, "names_"), self.widths_, strict=True))
        return state_of(self, self.learnt(), {"blocks": blocks})

    @final
    def load(self, state: Artefact) -> Self:
        """Take up what `state` gave, instead of `fit`.

        Raises:
            BadInput: It is the state of another part or other settings, or is not whole.
        """
        kept = PartState.of(self, state)
        self.names_, self.widths_ = named_widths(kept)
        self.restore(kept)
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
    """Refuse a fuser that is not fitted, or was fitted on other blocks.

    Raises:
        Refused: It has not been fitted.
        BadRecipe: It was fitted on blocks of other names, or in another order.
        BadInput: A block has another number of columns.
    """
    fitted(fuser, "names_")
    if tuple(blocks) != fuser.names_:
        what = f"fitted on {', '.join(fuser.names_)} and given {', '.join(blocks)}"
        raise BadRecipe(what, where="of", next_step="give the same blocks in the same order")
    for (name, block), width in zip(blocks.items(), fuser.widths_, strict=True):
        if block.width != width:
            raise BadInput(
                f'the block "{name}" has {block.width} columns',
                where=fuser.name,
                allowed=f"{width}, as the block that it was fitted on",
            )


def named_widths(state: PartState) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Names and columns of the blocks that a fuser was fitted on."""
    blocks = state.fact("blocks", tuple[tuple[str, int], ...])
    return tuple(name for name, _ in blocks), tuple(width for _, width in blocks)
