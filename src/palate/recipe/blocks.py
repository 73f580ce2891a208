"""The tables `[blocks.NAME]` of a recipe: an encoder or a fuser, geometry, and what learns from
behaviour.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from palate import registry
from palate.capabilities import ReadsFiles
from palate.encode.tuned import can_be_tuned
from palate.errors import BadRecipe
from palate.registry import PartSpec
from palate.stages import Adapter, BlockTransform, Fuser, Tuner

STEPS = {"shape": ("block_transform",), "adapt": ("tuner", "adapter")}
"""Lists of steps that a block may have, and the stages that their parts come from."""


@dataclass(frozen=True)
class BlockRecipe:
    """One table `[blocks.NAME]`.

    Attributes:
        encoder: The part that makes the block: an encoder, or a fuser of other blocks.
        shape: Geometry steps, in order.
        adapt: What learns from behaviour: tuners, which run before encoding, and adapters, which
            run after the geometry; each kind in order.
    """

    encoder: PartSpec[Any]
    shape: tuple[PartSpec[BlockTransform], ...] = ()
    adapt: tuple[PartSpec[Any], ...] = ()

    @property
    def tuners(self) -> tuple[PartSpec[Tuner], ...]:
        """The steps that train the language model."""
        return tuple(step for step in self.adapt if registry.stage_of(step.name) == "tuner")

    @property
    def adapters(self) -> tuple[PartSpec[Adapter], ...]:
        """The steps that change the finished block."""
        return tuple(step for step in self.adapt if registry.stage_of(step.name) == "adapter")

    @property
    def fuses(self) -> bool:
        """Whether the block is made of other blocks."""
        return registry.stage_of(self.encoder.name) == "fuser"

    @property
    def fuser(self) -> PartSpec[Fuser]:
        """The part that makes the block, where it `fuses`."""
        return self.encoder

    @property
    def uses_behaviour(self) -> bool:
        """Whether the block learns from interactions, and not from content alone."""
        return self.tunes_by_behaviour or self.fuses or bool(self.adapters)

    @property
    def tunes_by_behaviour(self) -> bool:
        """Whether the language model is trained on interactions."""
        return any(registry.part_class(step.name).uses_behaviour for step in self.tuners)

    def resolved(self) -> dict[str, Any]:
        """The table with every setting in force."""
        steps = {key: [step.resolved() for step in getattr(self, key)] for key in STEPS}
        return {**self.encoder.resolved(), **{key: found for key, found in steps.items() if found}}


def block_recipe(table: Mapping[str, Any], where: str) -> BlockRecipe:
    """Read one table.

    Raises:
        BadRecipe: A part is unknown, of a stage that does not belong here, or wrongly set; or a
            tuner stands under an encoder that has no language model to train.
    """
    encoder = registry.spec(
        {k: v for k, v in table.items() if k not in STEPS}, ("encoder", "fuser"), where
    )
    block = BlockRecipe(encoder, **{key: _steps(table, key, where) for key in STEPS})
    if block.tuners and not can_be_tuned(registry.part_class(encoder.name)):
        able = [n for n in registry.names("encoder") if can_be_tuned(registry.part_class(n))]
        raise BadRecipe(
            f"{encoder.name} has no language model that {block.tuners[0].name} could train",
            where=f"{where}.adapt",
            allowed=(
                f"tuners under {', '.join(able)}; adapters ({', '.join(registry.names('adapter'))})"
                " under any part"
            ),
        )
    return block


def beside(block: BlockRecipe, base: Path) -> BlockRecipe:
    """The block with the files that its encoder reads named from `base` on."""
    paths = {k: getattr(block.encoder.settings, k) for k in file_settings(block.encoder.name)}
    full = {
        key: str(base / Path(os.path.expandvars(path)).expanduser())
        for key, path in paths.items()
        if path
    }
    return replace(
        block, encoder=replace(block.encoder, settings=replace(block.encoder.settings, **full))
    )


def file_settings(part: str) -> tuple[str, ...]:
    """Names of the settings of a part that name files."""
    found = registry.part_class(part)
    return found.reads_files if issubclass(found, ReadsFiles) else ()


def _steps(table: Mapping[str, Any], key: str, where: str) -> tuple[PartSpec[Any], ...]:
    steps = table.get(key, [])
    if not isinstance(steps, list):
        what = (
            "the geometry must be a list of steps"
            if key == "shape"
            else "adaptation must be a list of steps"
        )
        raise BadRecipe(what, where=f"{where}.{key}", next_step=f"write [[{where}.{key}]]")
    return tuple(
        registry.spec(step, STEPS[key], f"{where}.{key}.{i + 1}") for i, step in enumerate(steps)
    )
