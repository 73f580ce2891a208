"""Whether a recipe's models fit into memory, known before anything is encoded."""

from __future__ import annotations

from dataclasses import replace

from palate.capabilities import Bounded
from palate.errors import PalateError, Refused, raise_all
from palate.recipe.recipe import Recipe
from palate.registry import part_class, spec


def fitting(recipe: Recipe, n_items: int) -> tuple[Recipe, tuple[str, ...]]:
    """The recipe with models that fit in place of those that would be too large, and which.

    Args:
        recipe: What is to be done.
        n_items: Items of the data.

    Raises:
        Refused: A model would be too large, and nothing stands in for it; all such together.
    """
    models, sentences, problems = dict(recipe.models), list[str](), list[PalateError]()
    for name, one in recipe.models.items():
        part = part_class(one.name)
        if not issubclass(part, Bounded):
            continue
        try:
            instead = part.bounded(one.settings, n_items)
        except Refused as refused:
            where, next_step = f"models.{name}.{refused.where}", refused.next_step
            problems.append(
                Refused(refused.what, where=where, allowed=refused.allowed, next_step=next_step)
            )
            continue
        if instead is not None:
            models[name] = spec({"part": instead[0], **instead[1]}, "scorer", f"models.{name}")
            sentences.append(
                f"{name}: {one.name} is too large for {n_items:,} items, so {instead[0]} was taken."
            )
    raise_all(problems)
    return (replace(recipe, models=models) if sentences else recipe), tuple(sentences)
