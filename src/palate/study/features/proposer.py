"""Who says which operators are worth trying first: a provider that the run's recipe names, or one
with its usual settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from palate.answering import OrdersNames
from palate.errors import BadInput
from palate.model.operators.operator import DESCRIBED, Operator
from palate.recipe.providers import provider_of
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
