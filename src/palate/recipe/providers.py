"""A provider by name: of a block of attributes, or of a part with its settings in the recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from palate import registry
from palate.capabilities import MadeOf
from palate.errors import BadInput, nearest
from palate.recipe.recipe import Recipe


def provider_of(recipe: Recipe, name: str, where: str) -> tuple[str, Any]:
    """The provider of a block of attributes, or of the name of a part, then with the settings that
    it has in the recipe; and the name of its part.

    Args:
        recipe: Of the run.
        name: Of a block or a part.
        where: What names it, for who reads an error.

    Raises:
        BadInput: There is no such block or provider.
    """
    blocks: dict[str, Mapping[str, object]] = {}
    for block, spec in recipe.blocks.items():
        part_class = registry.part_class(spec.encoder.name)
        if issubclass(part_class, MadeOf) and part_class.inner.get("provider") == ("provider",):
            blocks[block] = spec.encoder.settings.provider
    of_parts = {str(table["part"]): table for table in blocks.values()}
    parts = registry.names("provider")
    if name not in blocks and name not in parts:
        raise BadInput(
            f'there is no provider "{name}"',
            where=where,
            allowed=", ".join((*blocks, *parts)),
            next_step=nearest(name, (*blocks, *parts)),
        )
    table = blocks.get(name) or of_parts.get(name) or {"part": name}
    one = registry.spec(dict(table), "provider", where)
    return one.name, one.build()
