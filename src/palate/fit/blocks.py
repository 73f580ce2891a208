"""Blocks of a recipe -> feature table, fitted on the training part alone; and the same without
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

from palate.encode.adapted import Learning, adapted, learnt_block
from palate.encode.blocks import encode_block
from palate.evaluate.controls import permuted, permuted_catalogue, random_like
from palate.execute import Executor
from palate.progress import Stopwatch
from palate.recipe.blocks import BlockRecipe, in_order, sources
from palate.registry import PartSpec
from palate.stages import FitContext, Fuser, Tracker
from palate.tables import Block, Catalogue, FeatureTable, Training

Control: TypeAlias = Literal["permuted", "random"]

CONTROLS: tuple[Control, ...] = ("permuted", "random")
"""How the meaning is taken out of blocks."""


def nobody(name: str) -> Tracker | None:
    """Whoever watches the part `name` learn: nobody."""
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
    tracker: Callable[[str], Tracker | None] = nobody
    executor: Executor | None = None
    _controls: dict[tuple[Control, str], Block] = field(default_factory=dict)

    def all(self) -> FeatureTable:
        """Every block, in the recipe's order."""
        made: dict[str, Block] = {}
        for name in in_order(self.blocks):
            with self.watch.stage(f"encode {name}", len(self.catalogue)) as advance:
                made[name] = self._block(name, made, advance)
            for finding in made[name].findings:
                self.watch.progress.say(finding.message)
        return FeatureTable(self.catalogue.items, {name: made[name] for name in self.blocks})

    def fuse(
        self, name: str, fuser: PartSpec, of: tuple[str, ...], features: FeatureTable
    ) -> Block:
        """One block more, of blocks that are made already.

        Args:
            name: What to call it.
            fuser: How to fuse.
            of: Which blocks.
            features: Where they are.
        """
        with self.watch.stage(f"fuse by {fuser.name}"):
            return self._fused(
                name, BlockRecipe(fuser), {source: features.block(source) for source in of}, ""
            )

    def without_meaning(
        self, kind: Control, used: tuple[str, ...], features: FeatureTable
    ) -> FeatureTable:
        """The table with some blocks made meaningless, under their own names.

        A block of content alone has its rows permuted, or random vectors in their place. A block
        that learns from behaviour is made again, so that it can do its best with content that says
        nothing: contents are permuted before tuning, vectors before the adapters. A fused block is
            fused again of such blocks.

        Args:
            kind: What takes the place of meaning.
            used: Which blocks.
            features: The blocks as they are.
        """
        replaced = features
        for name in used:
            replaced = replaced.replaced(self._controlled(kind, name, features))
        return replaced

    def _controlled(self, kind: Control, name: str, features: FeatureTable) -> Block:
        if (kind, name) not in self._controls:
            if self.blocks[name].fuses:
                # the sources first: each is a stage of its own, and stages do not nest
                below = {
                    source: self._controlled(kind, source, features)
                    for source in sources(name, self.blocks)
                }
                with self.watch.stage(f"encode {name}~{kind}"):
                    block = self._fused(name, self.blocks[name], below, "")
            elif self.blocks[name].uses_behaviour:
                with self.watch.stage(f"encode {name}~{kind}", len(self.catalogue)) as advance:
                    block = self._learnt_anew(kind, name, features, advance)
            else:
                block = _disguised(features.block(name), kind, self.context.seed)
            self._controls[kind, name] = dataclasses.replace(block, name=name)
        return self._controls[kind, name]

    def _learnt_anew(
        self,
        kind: Control,
        name: str,
        features: FeatureTable,
        advance: Callable[[int, int | None], None],
    ) -> Block:
        recipe, seed, block = self.blocks[name], self.context.seed, features.block(name)
        if kind == "permuted" and recipe.tunes_by_behaviour:
            catalogue = permuted_catalogue(self.catalogue, block, seed)
            return self._learnt(name, self._learning(recipe, ""), catalogue, advance)
        if not recipe.adapters:
            return _disguised(block, kind, seed)
        # The finished vectors are dealt out, not the contents: an encoder may know items by their
        # ids.
        disguise = partial(_disguised, kind=kind, seed=seed)
        learning = dataclasses.replace(self._learning(recipe, ""), before_adapters=disguise)
        return self._learnt(name, learning, self.catalogue, advance)

    def _block(
        self, name: str, made: Mapping[str, Block], advance: Callable[[int, int | None], None]
    ) -> Block:
        recipe = self.blocks[name]
        if recipe.fuses:
            return self._fused(
                name, recipe, {source: made[source] for source in sources(name, self.blocks)}, name
            )
        if recipe.adapt:
            return self._learnt(name, self._learning(recipe, name), self.catalogue, advance)
        encoder = present_fields(recipe.encoder, self.catalogue)
        rows = np.unique(self.training.log.item).astype(np.int32)
        return encode_block(
            name,
            encoder,
            recipe.shape,
            self.catalogue,
            rows,
            progress=advance,
            executor=self.executor,
        )

    def _learnt(
        self,
        name: str,
        learning: Learning,
        catalogue: Catalogue,
        advance: Callable[[int, int | None], None],
    ) -> Block:
        encoder = present_fields(self.blocks[name].encoder, catalogue)
        return learnt_block(
            name, encoder, self.blocks[name].shape, catalogue, learning, progress=advance
        )

    def _fused(
        self, name: str, recipe: BlockRecipe, below: Mapping[str, Block], watched: str
    ) -> Block:
        start = time.perf_counter()
        learning = self._learning(recipe, watched)
        fuser: Fuser = recipe.encoder.build()
        block = dataclasses.replace(
            fuser.fit(below, learning.training, learning.context).fuse(below), name=name
        )
        rows = np.unique(self.training.log.item).astype(np.int32)
        for step in recipe.shape:
            block = step.build().fit(block, rows).transform(block)
        return dataclasses.replace(
            adapted(block, learning), name=name, seconds=time.perf_counter() - start
        )

    def _learning(self, recipe: BlockRecipe, watched: str) -> Learning:
        """`watched` names the block for the tracker; a control, which nobody watches, has no
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
) -> FeatureTable:
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


def present_fields(encoder: PartSpec, catalogue: Catalogue) -> PartSpec:
    """The encoder with its optional fields (`"overview?"`) kept where the catalogue has them and
    dropped elsewhere.
    """
    fields = getattr(encoder.settings, "fields", None)
    if not fields:
        return encoder
    kept = tuple(
        f.removesuffix("?")
        for f in fields
        if not f.endswith("?") or f[:-1] in catalogue.fields.columns
    )
    return PartSpec(encoder.name, dataclasses.replace(encoder.settings, fields=kept))


def _disguised(block: Block, kind: Control, seed: int) -> Block:
    control = permuted if kind == "permuted" else random_like
    return dataclasses.replace(control(block, seed), name=block.name)
