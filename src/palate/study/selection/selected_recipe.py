"""A recipe with some of its blocks gone, or stored in fewer bytes, written with the reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from palate.recipe.init import commented
from palate.recipe.recipe import Recipe
from palate.study.selection.storage import STORED, Choice, Packed, Storage

_WIDTH = 118


def selected_recipe(recipe: Recipe, model: str, choice: Choice, reasons: Sequence[str]) -> str:
    """The recipe as TOML, with the reasons above it.

    Blocks that were not chosen are gone, and with them the models that read nothing else; blends
    lose those members, and a blend of one is gone as well. Blocks that the measured model does not
    read stay as they are.

    Args:
        recipe: The run's recipe.
        model: The model that the choice was made for.
        choice: The blocks to keep and how each is stored.
        reasons: Sentences for the head of the file.
    """
    blocks_read = recipe.graph.all_blocks(model)
    used = {
        s
        for name in recipe.blocks
        if name not in blocks_read or name in choice
        for s in recipe.graph.block_graph.sources(name)
    }
    gone = {name for name in blocks_read if name not in choice}
    table = recipe.resolved()
    table["name"] = f"{recipe.name}-selected"
    table["blocks"] = {
        name: _stored(t, choice.get(name, STORED))
        for name, t in table["blocks"].items()
        if name not in gone - used
    }
    table["models"] = _models(recipe, gone)
    lines = [
        "Blocks that earned their place, chosen on validation cases of the run this came from.",
        *reasons,
    ]
    head = "\n".join(line for reason in lines for line in _wrapped(reason))
    return f"{head}\n\n{commented(table)}"


def _stored(table: Mapping[str, Any], storage: Storage) -> dict[str, Any]:
    if not isinstance(storage, Packed):
        return dict(table)
    return {**table, "shape": [*table.get("shape", []), {"part": storage.codec}]}


def _models(recipe: Recipe, gone: set[str]) -> dict[str, dict[str, Any]]:
    """What is left of the models, as tables; a blend that became the same as an earlier one says
    nothing new.
    """
    graph = recipe.graph.without(gone).graph
    found: dict[str, dict[str, Any]] = {}
    for name, spec in graph.models.items():
        table = spec.resolved()
        if not (graph.members(name) and table in found.values()):
            found[name] = table
    return found


def _wrapped(sentence: str) -> list[str]:
    lines, line = [], "#"
    for word in sentence.split():
        if len(line) + 1 + len(word) > _WIDTH:
            lines.append(line)
            line = "#  "
        line = f"{line} {word}"
    return [*lines, line]
