"""What the parts of a recipe get beside the data when they are fitted: the one place where it is
put together.
"""

from __future__ import annotations

from collections.abc import Mapping

from palate.fit.fitted import FittedTable
from palate.fit.users import fitted_users
from palate.recipe.blocks import BlockRecipe
from palate.registry import PartSpec
from palate.stages import FitContext, UserEncoder
from palate.tables import Training


def context_of(
    users: Mapping[str, PartSpec[UserEncoder]],
    blocks: Mapping[str, BlockRecipe],
    fitted: FittedTable,
    training: Training,
    seed: int,
    *,
    meant: FittedTable | None = None,
) -> FitContext:
    """User encoders fitted on the training part, and the texts of the blocks that have them.

    Args:
        users: The user encoders to fit, by name.
        blocks: The recipe's blocks.
        fitted: The same, fitted.
        training: The training part with its features.
        seed: Of whatever is random.
        meant: For a control: the blocks with their meaning; the texts are then permuted among
            the items that have content there.
    """
    texts = fitted.texts() if meant is None else meant.texts_dealt_out(seed)
    encoders = fitted_users(users, blocks, fitted, training, FitContext(seed=seed))
    return FitContext(seed=seed, users=encoders, texts=texts)
