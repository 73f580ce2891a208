"""What the parts of a recipe get beside the data when they are fitted: the one place where it is
put together.
"""

from __future__ import annotations

from collections.abc import Mapping

from palate.fit.texts import readable_blocks, readable_without_meaning
from palate.fit.users import fitted_users
from palate.recipe.blocks import BlockRecipe
from palate.registry import PartSpec
from palate.stages import FitContext
from palate.tables import Catalogue, FeatureTable, Training


def context_of(
    users: Mapping[str, PartSpec],
    blocks: Mapping[str, BlockRecipe],
    catalogue: Catalogue,
    training: Training,
    seed: int,
    *,
    meant: FeatureTable | None = None,
) -> FitContext:
    """User encoders fitted on the training part, and the texts of the blocks that have them.

    Args:
        users: The user encoders to fit, by name.
        blocks: The recipe's blocks.
        catalogue: All items.
        training: The training part with its features.
        seed: Of whatever is random.
        meant: For a control: the blocks with their meaning; the texts are then dealt out anew among
            the items that have content there.
    """
    texts = (
        readable_blocks(blocks, catalogue, training)
        if meant is None
        else readable_without_meaning(blocks, catalogue, training, meant, seed)
    )
    fitted = fitted_users(users, blocks, catalogue, training, FitContext(seed=seed))
    return FitContext(seed=seed, users=fitted, texts=texts)
