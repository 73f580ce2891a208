"""A sensible recipe for data that have none yet."""

from __future__ import annotations

from typing import Any

from palate.recipe.guess_blocks import guessed_blocks
from palate.recipe.guess_split import guessed_split
from palate.tables import Dataset


def guessed_recipe(data: Dataset, name: str = "run") -> dict[str, Any]:
    """A recipe's table: a split and blocks that suit the data, and models that the run chooses on
    validation cases.

    Args:
        data: What the recipe is for.
        name: Name of the run directory.
    """
    made = guessed_blocks(data.catalogue)
    found = guessed_split(data.interactions)
    return {
        "name": name,
        "reasons": [*found.reasons, *made.reasons],
        **({"clean": found.clean} if found.clean else {}),
        "split": found.split,
        "blocks": made.blocks,
        "choose": {"seconds": 300.0},
    }
