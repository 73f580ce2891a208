"""Blocks of a recipe -> fitted blocks, fitted on the training part alone; and the same without
meaning, as controls.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, TypeAlias

import numpy as np

from palate.arrays import Rows
from palate.encode.adapted import Learning, adapted, learnt_block
from palate.encode.blocks import encode_block, transformed
from palate.encode.fitted import FittedBlock, FittedParts, FusedOf
from palate.evaluate.controls import permuted, permuted_catalogue, random_like
from palate.execute import Executor
from palate.fit.fitted import FittedTable
from palate.fit.present import present_fields
from palate.progress import Stopwatch, Tracker
from palate.recipe.blocks import BlockRecipe
from palate.recipe.graph import BlockGraph
from palate.registry import PartSpec
from palate.stages import FitContext, Fuser
from palate.tables import Block, Catalogue, Training
from palate.tables.variant import meaningless

Control: TypeAlias = Literal["permuted", "random"]

CONTROLS: tuple[Control, ...] = ("permuted", "random")
"""How the meaning is taken out of blocks."""


def no_tracker(name: str) -> Tracker | None:
    """The tracker of the part `name`: none."""
    return None


@dataclass(frozen=True)
class Encoding:
    """Makes the blocks of one trial.

    Attributes:
        blocks: The recipe's blocks.
        catalogue: All items.
        training: The training part and the validation cases; all that any block can learn from.
        context: What else blocks get when they learn; its seed deals out the controls' rows.
        watch: Times each block.
        tracker: Who watches a block learn, by its name.
        executor: Where blocks of content alone are encoded, chunk by chunk; None: here.
    """

    blocks: Mapping[str, BlockRecipe]
    catalogue: Catalogue
    training: Training
    context: FitContext
    watch: Stopwatch
    tracker: Callable[[str], Tracker | None] = no_tracker
    executor: Executor | None = None
    _controls: dict[tuple[Control, str], FittedBlock] = field(default_factory=dict)

    def all(self) -> FittedTable:
        """Every block, in the recipe's order."""
        made: dict[str, FittedBlock] = {}
        for name in BlockGraph(self.blocks).order():
            with self.watch.stage(f"encode {name}", len(self.catalogue)) as advance:
                made[name] = self._fitted(name, made, advance)
            for finding in made[name].block.findings:
                self.watch.progress.say(finding.message)
        return FittedTable(self.catalogue, {name: made[name] for name in self.blocks})

    def fuse(
        self, name: str, fuser: PartSpec[Fuser], of: tuple[str, ...], fitted: FittedTable
    ) -> FittedBlock:
        """One block more, of blocks that are made already.

        Args:
            name: What to call it.
            fuser: How to fuse.
            of: Which blocks.
            fitted: Where they are.
        """
        with self.watch.stage(f"fuse by {fuser.name}"):
            below = {source: fitted.blocks[source] for source in of}
            return self._fused(name, BlockRecipe(fuser), below, "")

    def without_meaning(
        self, kind: Control, used: tuple[str, ...], fitted: FittedTable
    ) -> FittedTable:
        """The table with some blocks made meaningless, under their own names.

        A block of content alone has its rows permuted, or random vectors in their place. A block
        that learns from behaviour is made again, so that it can do its best with content that says
        nothing: contents are permuted before tuning, vectors before the adapters. A fused block is
        fused again of such blocks.

        Args:
            kind: What takes the place of meaning.
            used: Which blocks.
            fitted: The blocks as they are.
        """
        replaced = fitted
        for name in used:
            replaced = replaced.replaced(name, self._controlled(kind, name, fitted))
        return replaced

    def _controlled(self, kind: Control, name: str, fitted: FittedTable) -> FittedBlock:
        if (kind, name) not in self._controls:
            if self.blocks[name].fuses:
                # the sources first: each is a stage of its own, and stages do not nest
                below = {
                    source: self._controlled(kind, source, fitted)
                    for source in BlockGraph(self.blocks).sources(name)
                }
                with self.watch.stage(f"encode {meaningless(name, kind)}"):
                    made = self._fused(name, self.blocks[name], below, "")
            elif self.blocks[name].uses_behaviour:
                stage = f"encode {meaningless(name, kind)}"
                with self.watch.stage(stage, len(self.catalogue)) as advance:
                    made = self._learnt_again(kind, name, fitted.blocks[name], advance)
            else:
                made = self._disguised_rows(fitted.blocks[name], kind)
            block = dataclasses.replace(made.block, name=name)
            self._controls[kind, name] = dataclasses.replace(made, block=block)
        return self._controls[kind, name]

    def _learnt_again(
        self,
        kind: Control,
        name: str,
        fitted: FittedBlock,
        advance: Callable[[int, int | None], None],
    ) -> FittedBlock:
        recipe, seed = self.blocks[name], self.context.seed
        if kind == "permuted" and recipe.tunes_by_behaviour:
            catalogue = permuted_catalogue(self.catalogue, fitted.block, seed)
            return self._learnt(name, self._learning(recipe, ""), catalogue, advance)
        if not recipe.adapters:
            return self._disguised_rows(fitted, kind)
        # The finished vectors are dealt out, not the contents: an encoder may know items by their
        # ids.
        disguise = partial(_disguised, kind=kind, seed=seed)
        learning = dataclasses.replace(self._learning(recipe, ""), before_adapters=disguise)
        return self._learnt(name, learning, self.catalogue, advance)

    def _disguised_rows(self, fitted: FittedBlock, kind: Control) -> FittedBlock:
        """Other rows, and the same parts behind them: texts of users are encoded as they were."""
        block = _disguised(fitted.block, kind, self.context.seed)
        return dataclasses.replace(fitted, block=block)

    def _fitted(
        self,
        name: str,
        made: Mapping[str, FittedBlock],
        advance: Callable[[int, int | None], None],
    ) -> FittedBlock:
        recipe = self.blocks[name]
        if recipe.fuses:
            return self._fused(
                name,
                recipe,
                {source: made[source] for source in BlockGraph(self.blocks).sources(name)},
                name,
            )
        if recipe.adapt:
            return self._learnt(name, self._learning(recipe, name), self.catalogue, advance)
        encoder = present_fields(recipe.encoder, self.catalogue)
        return encode_block(
            name,
            encoder,
            recipe.shape,
            self.catalogue,
            self._rows(),
            progress=advance,
            executor=self.executor,
        )

    def _learnt(
        self,
        name: str,
        learning: Learning,
        catalogue: Catalogue,
        advance: Callable[[int, int | None], None],
    ) -> FittedBlock:
        encoder = present_fields(self.blocks[name].encoder, catalogue)
        return learnt_block(
            name, encoder, self.blocks[name].shape, catalogue, learning, progress=advance
        )

    def _fused(
        self, name: str, recipe: BlockRecipe, below: Mapping[str, FittedBlock], watched: str
    ) -> FittedBlock:
        start = time.perf_counter()
        learning = self._learning(recipe, watched)
        fuser = recipe.fuser.build()
        rows = {source: fitted.block for source, fitted in below.items()}
        fused = fuser.fit(rows, learning.training, learning.context).fuse(rows)
        block = dataclasses.replace(fused, name=name)
        block, transforms = transformed(block, recipe.shape, self._rows())
        block, adapters = adapted(block, learning)
        seconds = time.perf_counter() - start
        block = dataclasses.replace(block, name=name, seconds=seconds)
        parts = FittedParts(FusedOf(fuser, below), transforms, adapters)
        return FittedBlock.of(block, self.catalogue, parts)

    def _rows(self) -> Rows:
        return np.unique(self.training.log.item).astype(np.int32)

    def _learning(self, recipe: BlockRecipe, watched: str) -> Learning:
        """`watched` names the block for the tracker; a control, which is not watched, has no
        name.
        """
        context = dataclasses.replace(
            self.context, tracker=self.tracker(watched) if watched else None
        )
        return Learning(self.training, context, recipe.tuners, recipe.adapters)


def encode_all(
    blocks: Mapping[str, BlockRecipe],
    catalogue: Catalogue,
    training: Training,
    context: FitContext,
    watch: Stopwatch,
    executor: Executor | None = None,
) -> FittedTable:
    """Every block of a recipe.

    Args:
        blocks: The recipe's blocks.
        catalogue: All items.
        training: The training part and the validation cases; encoders and geometry learn from the
            items of the training part, adaptation from its behaviour too, and nothing from anything
            else.
        context: What else blocks get when they learn.
        watch: Times each block.
        executor: Where blocks of content alone are encoded, chunk by chunk; None: here.
    """
    return Encoding(blocks, catalogue, training, context, watch, executor=executor).all()


def _disguised(block: Block, kind: Control, seed: int) -> Block:
    control = permuted if kind == "permuted" else random_like
    return dataclasses.replace(control(block, seed), name=block.name)
