"""Which blocks of a recipe can be read: their texts and language models, for models that read texts
themselves.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from palate.encode.text_source import readable
from palate.evaluate.controls import permuted_catalogue
from palate.fit.blocks import present_fields
from palate.language_model import TextSource
from palate.recipe.blocks import BlockRecipe
from palate.tables import Catalogue, FeatureTable, Training


def readable_blocks(
    blocks: Mapping[str, BlockRecipe], catalogue: Catalogue, training: Training
) -> dict[str, TextSource]:
    """Block -> its texts and language model; nothing is loaded before a model asks.

    Args:
        blocks: The recipe's blocks.
        catalogue: All items.
        training: The training part, whose items say which fields hold text.
    """
    rows = np.unique(training.log.item).astype(np.int32)
    found: dict[str, TextSource] = {}
    for name, block in blocks.items():
        text = (
            None
            if block.fuses
            else readable(present_fields(block.encoder, catalogue), catalogue, rows)
        )
        if text is not None:
            found[name] = text
    return found


def readable_without_meaning(
    blocks: Mapping[str, BlockRecipe],
    catalogue: Catalogue,
    training: Training,
    features: FeatureTable,
    seed: int,
) -> dict[str, TextSource]:
    """The same with the texts dealt out anew among the items, as a control.

    Args:
        blocks: The recipe's blocks.
        catalogue: All items.
        training: The training part.
        features: The blocks as they are: items without content keep having none.
        seed: Decides who gets which text.
    """
    found: dict[str, TextSource] = {}
    for name, block in blocks.items():
        dealt = permuted_catalogue(catalogue, features.block(name), seed)
        found |= readable_blocks({name: block}, dealt, training)
    return found
