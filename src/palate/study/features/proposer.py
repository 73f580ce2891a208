"""Who says which operators are worth trying first: a provider that the run's recipe names, or one
with its usual settings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from palate import registry
from palate.answering import OrdersNames
from palate.capabilities import MadeOf
from palate.errors import BadInput, nearest
from palate.model.operators.operator import DESCRIBED, Operator
from palate.recipe.recipe import Recipe

MOST: Final = 24
"""Operators that are named at most."""
_TASK: Final = (
    "A shop or library recommends items, and looks for features by which what somebody will take"
    " stands out from the rest. Each is an operator over a field of the items. The operators:\n{}\n"
    "Name those that are most likely to help, the most promising first; a feature is written"
    " operator(block, field)."
)


@dataclass(frozen=True)
class Proposer:
    """Somebody who orders the menu.

    Attributes:
        by: Who, in a word: the name of the part.
        provider: The part.
    """

    by: str
    provider: OrdersNames

    def named(self, menu: Sequence[Operator]) -> tuple[Operator, ...]:
        """Operators of the menu that it names, in its order; what is none of them is left out."""
        fields = dict.fromkeys(f"{one.block}, {one.field}" for one in menu)
        kinds = dict.fromkeys(one.kind for one in menu)
        task = _TASK.format("\n".join(f"- {kind}: {DESCRIBED[kind]}" for kind in kinds))
        there = {one.name: one for one in menu}
        about = "The fields (block, field):\n" + "\n".join(fields)
        found = self.provider.order_names(task, about, list(there), min(MOST, len(there)))
        return tuple(there[name] for name in dict.fromkeys(found) if name in there)[:MOST]


def proposer_of(recipe: Recipe, name: str) -> Proposer:
    """A provider that orders names, see `provider_of`.

    Raises:
        BadInput: There is no such block or provider, or it orders nothing.
    """
    by, part = provider_of(recipe, name, "--provider")
    if not isinstance(part, OrdersNames):
        raise BadInput(
            f"{by} orders no features",
            where="--provider",
            allowed="a language model: answers.chat.v1 or answers.gguf.v1",
            next_step="leave it out: every feature is tried anyway",
        )
    return Proposer(by, part)


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
