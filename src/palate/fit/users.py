"""The tables `[users.NAME]` of a recipe: how histories become rows that two-sided models read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from palate.arrays import Rows
from palate.encode.behaviour.space import Space
from palate.fit.blocks import present_fields
from palate.recipe.blocks import BlockRecipe
from palate.recipe.users import block_of
from palate.registry import PartSpec
from palate.stages import FitContext, UserEncoder
from palate.tables import Catalogue, FeatureTable, Training


def fitted_users(
    users: Mapping[str, PartSpec],
    blocks: Mapping[str, BlockRecipe],
    catalogue: Catalogue,
    training: Training,
    context: FitContext,
) -> dict[str, UserEncoder]:
    """Every user encoder of a recipe, fitted on the training part.

    Args:
        users: Name -> part.
        blocks: The recipe's blocks.
        catalogue: All items.
        training: The training part with its features.
        context: What else the encoders get.
    """
    rows = np.unique(training.log.item).astype(np.int32)
    return {
        name: user.build().fit(
            space_of(user, blocks, catalogue, training.features, rows), training, context
        )
        for name, user in users.items()
    }


def space_of(
    user: PartSpec,
    blocks: Mapping[str, BlockRecipe],
    catalogue: Catalogue,
    features: FeatureTable,
    rows: Rows,
) -> Space:
    """The space of the block that a user encoder is about."""
    name = block_of(user, blocks)
    recipe = blocks[name]
    encoder = None if recipe.fuses or recipe.adapt else present_fields(recipe.encoder, catalogue)
    return Space(replace(features.block(name), name=name), encoder, recipe.shape, catalogue, rows)
