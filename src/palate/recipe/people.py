"""What a recipe asks of the users."""

from __future__ import annotations

import polars as pl

from palate.capabilities import ReadsUsers
from palate.recipe.recipe import Recipe
from palate.registry import part_class


def user_fields_read(recipe: Recipe, people: pl.DataFrame | None) -> pl.DataFrame | None:
    """The fields of the users that some block of the recipe asks for; None where none does.

    Nothing else of what is known of people is kept with a run.

    Args:
        recipe: The recipe.
        people: What is known of the users; None where nothing is.
    """
    wanted: dict[str, None] = {}
    for block in recipe.blocks.values():
        part = part_class(block.encoder.name)
        if issubclass(part, ReadsUsers):
            wanted |= dict.fromkeys(part.user_fields(block.encoder.settings))
    return people.select(list(wanted)) if people is not None and wanted else None
