"""What `palate encode` would compute, and what that would cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from palate.encode.plan import Plan, plan_block
from palate.fit.present import present_fields
from palate.pipeline.reading import data_of
from palate.progress import Progress, Stopwatch
from palate.recipe.blocks import BlockRecipe
from palate.recipe.recipe import Recipe

LEARNT = "decided by training"


@dataclass(frozen=True)
class Planned:
    """One block of a recipe.

    Attributes:
        block: Its name.
        part: The part that makes it.
        plan: What it would take.
    """

    block: str
    part: str
    plan: Plan


def plan_encode(recipe: Recipe, progress: Progress) -> list[Planned]:
    """What every block of a recipe would take; nothing is computed and nothing written.

    Blocks that learn from behaviour (tuned, adapted, fused) depend on what training makes of them,
    and are only named.
    """
    watch = Stopwatch(progress)
    with watch.stage("read"):
        data = data_of(recipe).cleaned
        train = recipe.split.build().split(data.interactions, recipe.seed).train
    rows = np.unique(train.item).astype(np.int32)

    def _plan(name: str, block: BlockRecipe) -> Plan:
        if block.fuses or block.adapt:
            return Plan(note=LEARNT)
        with watch.stage(f"look up {name}"):
            return plan_block(present_fields(block.encoder, data.catalogue), data.catalogue, rows)

    return [
        Planned(name, block.encoder.name, _plan(name, block))
        for name, block in recipe.blocks.items()
    ]
