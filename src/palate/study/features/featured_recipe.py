"""A recipe whose second stage has more features, written with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from palate import config
from palate.model.tree_growing import TreeRankerSettings
from palate.recipe.init import commented
from palate.recipe.recipe import Recipe

PART: Final = "model.lambdamart.v1"
"""The second stage of a recipe that had none."""


def featured_recipe(
    recipe: Recipe, ranker: str, settings: TreeRankerSettings, sentence: str
) -> str:
    """The recipe as TOML, with the sentence above it.

    Args:
        recipe: The run's recipe.
        ranker: Its second stage; where it has none of this name and there are operators, one is
            added.
        settings: Those of the second stage, with the operators that were kept.
        sentence: What was found.
    """
    table = recipe.resolved()
    table["name"] = f"{recipe.name}-features"
    models: dict[str, Mapping[str, Any]] = dict(table["models"])
    if settings.operators or ranker in models:
        part = models.get(ranker, {}).get("part", PART)
        models[ranker] = {"part": part, **config.resolved(settings)}
    table["models"] = models
    return f"# {sentence}\n\n{commented(table)}"
