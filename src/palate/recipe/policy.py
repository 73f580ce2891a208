"""The table `[policy]` of a recipe: what a service shows, out of what a model would show."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt

from palate import config, registry
from palate.errors import BadRecipe, PalateError, nearest
from palate.registry import PartSpec
from palate.stages import Policy


@dataclass(frozen=True)
class PolicySettings:
    """The section `[policy]`, beside `part` and the settings of that part."""

    model: str = ""
    """The model whose candidates and scores it chooses from; empty: any that answers."""
    blocks: tuple[str, ...] = ()
    """Blocks whose rows it learns over; none: over scores alone."""
    directions: Annotated[int, Ge(1)] = 16
    """Principal directions of each block that are kept: what is learnt fast is narrow."""
    candidates: Annotated[int, Ge(1)] = 100
    """The best so many items of the model are what it chooses from."""
    rewards: Mapping[str, float] = field(default_factory=dict)
    """Action -> what it is worth, of several the most; none: 1 for every action that says something
    for an item."""
    delay: Annotated[float, Gt(0)] = 600.0
    """Seconds after which what was shown is learnt from: what came by then is the reward, and
    where nothing did it is 0."""
    looks: Literal["all", "cascade"] = "cascade"
    """Which items of a list were looked at: all of them; or all down to the last one that something
    came of, and all where nothing came. What was not looked at is not learnt from."""


@dataclass(frozen=True)
class PolicyRecipe:
    """The whole table.

    Attributes:
        part: The policy.
        settings: The other keys.
    """

    part: PartSpec[Policy]
    settings: PolicySettings

    def resolved(self) -> dict[str, Any]:
        """The table with every setting in force."""
        return {**self.part.resolved(), **config.resolved(self.settings)}

    def problems(
        self, models: Collection[str], blocks: Collection[str], chosen: bool
    ) -> Iterator[PalateError]:
        """What the rest of the recipe lacks.

        Args:
            models: Those of the recipe.
            blocks: Those of the recipe.
            chosen: Whether models are chosen before the run, so that their names are not known yet.
        """
        if self.settings.model and self.settings.model not in models and not chosen:
            yield _unknown("model", self.settings.model, "policy.model", models)
        for name in self.settings.blocks:
            if name not in blocks:
                yield _unknown("block", name, "policy.blocks", blocks)


def policy_recipe(table: Mapping[str, Any]) -> PolicyRecipe:
    """Read the table.

    Raises:
        BadRecipe: The part is unknown or no policy, or a key is not understood.
    """
    names = {one.name for one in dataclasses.fields(PolicySettings)}
    own = {key: value for key, value in table.items() if key in names}
    rest = {key: value for key, value in table.items() if key not in names}
    settings = config.parse(PolicySettings, own, "policy")
    return PolicyRecipe(registry.spec(rest, "policy", "policy"), settings)


def _unknown(kind: str, name: str, where: str, known: Collection[str]) -> BadRecipe:
    return BadRecipe(
        f'there is no {kind} "{name}"',
        where=where,
        allowed=", ".join(known) or f"nothing: the recipe names no {kind}",
        next_step=nearest(name, known),
    )
