"""The table `[slate]` of a recipe: how lists are put together from a model's best items."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Ge, Lt

from palate import config, registry
from palate.errors import BadRecipe, PalateError, nearest
from palate.registry import PartSpec
from palate.stages import Slate


@dataclass(frozen=True)
class SlateSettings:
    """The section `[slate]`, beside `part` and the settings of that part."""

    block: str = ""
    """The block whose cosines say which items resemble each other; empty: the recipe's first."""
    field: str = ""
    """The field of the catalogue whose values are calibrated or limited; empty: none."""
    k: Annotated[int, Ge(2)] = 10
    """Length of the lists that are measured."""
    candidates: Annotated[int, Ge(2)] = 100
    """The best so many items of the model are what lists are chosen from."""
    loss: Annotated[float, Ge(0), Lt(1)] = 0.01
    """Share of NDCG that the slate may lose on validation cases: its weight is the highest that
    loses no more, whatever its own setting says. Lists are then made with it."""
    cases: Annotated[int, Ge(1)] = 1000
    """Most validation and test cases that are looked at, drawn by seed."""


@dataclass(frozen=True)
class SlateRecipe:
    """The whole table.

    Attributes:
        part: The slate.
        settings: The other keys.
    """

    part: PartSpec[Slate]
    settings: SlateSettings

    def resolved(self) -> dict[str, Any]:
        """The table with every setting in force."""
        return {**self.part.resolved(), **config.resolved(self.settings)}

    def problems(self, blocks: Collection[str]) -> Iterator[PalateError]:
        """What the rest of the recipe lacks.

        Args:
            blocks: Those of the recipe.
        """
        if self.settings.block and self.settings.block not in blocks:
            yield BadRecipe(
                f'there is no block "{self.settings.block}"',
                where="slate.block",
                allowed=", ".join(blocks) or "nothing: the recipe names no block",
                next_step=nearest(self.settings.block, blocks),
            )


def slate_recipe(table: Mapping[str, Any]) -> SlateRecipe:
    """Read the table.

    Raises:
        BadRecipe: The part is unknown or no slate, or a key is not understood.
    """
    names = {one.name for one in dataclasses.fields(SlateSettings)}
    own = {key: value for key, value in table.items() if key in names}
    rest = {key: value for key, value in table.items() if key not in names}
    return SlateRecipe(
        registry.spec(rest, "slate", "slate"), config.parse(SlateSettings, own, "slate")
    )
