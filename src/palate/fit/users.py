"""The tables `[users.NAME]` of a recipe: how histories become rows that two-sided models read."""

from __future__ import annotations

from collections.abc import Mapping

from palate.encode.fitted import FittedBlock
from palate.fit.fitted import FittedTable
from palate.recipe.blocks import BlockRecipe
from palate.recipe.graph import ModelGraph
from palate.registry import PartSpec
from palate.stages import FitContext, UserEncoder
from palate.tables import Training


def fitted_users(
    users: Mapping[str, PartSpec[UserEncoder]],
    blocks: Mapping[str, BlockRecipe],
    fitted: FittedTable,
    training: Training,
    context: FitContext,
) -> dict[str, UserEncoder]:
    """Every user encoder of a recipe, fitted on the training part.

    Args:
        users: Name -> part.
        blocks: The recipe's blocks.
        fitted: The same, fitted.
        training: The training part.
        context: What else the encoders get.
    """
    return {
        name: user.build().fit(space_of(user, blocks, fitted), training, context)
        for name, user in users.items()
    }


def space_of(
    user: PartSpec[UserEncoder], blocks: Mapping[str, BlockRecipe], fitted: FittedTable
) -> FittedBlock:
    """The block that a user encoder is about: its space of items."""
    return fitted.blocks[ModelGraph({}, blocks, {"": user}).block_of("")]
