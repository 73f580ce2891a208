"""All blocks of one catalogue with the fitted parts behind them, and how a block is kept in a
folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from palate import registry, store
from palate.encode.fitted import Encoded, FittedBlock, FittedParts, FusedOf
from palate.encode.tuned import Tuning, can_be_tuned, reopened
from palate.errors import BadInput
from palate.evaluate.controls import permuted_catalogue
from palate.fit.present import present_fields
from palate.language_model import TextSource
from palate.recipe.blocks import BlockRecipe
from palate.recipe.graph import BlockGraph
from palate.registry import PartSpec
from palate.stages import Portable, Storable, Tunable
from palate.store import Artefact
from palate.tables import Block, Catalogue, FeatureTable


@dataclass(frozen=True, eq=False)
class FittedTable:
    """The fitted blocks of one catalogue.

    Attributes:
        catalogue: All items.
        blocks: Name -> fitted block.
    """

    catalogue: Catalogue
    blocks: Mapping[str, FittedBlock] = field(default_factory=dict)

    @cached_property
    def features(self) -> FeatureTable:
        """The rows alone."""
        return FeatureTable(
            self.catalogue.items, {name: fitted.block for name, fitted in self.blocks.items()}
        )

    def replaced(self, name: str, fitted: FittedBlock) -> FittedTable:
        """The same with one block put in, or exchanged for another."""
        return replace(self, blocks={**self.blocks, name: fitted})

    def texts(self) -> dict[str, TextSource]:
        """Block -> its texts and language model, for those that have one; nothing is loaded."""
        found = {name: fitted.source() for name, fitted in self.blocks.items()}
        return {name: source for name, source in found.items() if source is not None}

    def texts_dealt_out(self, seed: int) -> dict[str, TextSource]:
        """The same with the texts dealt out again among the items that have content, as a control.

        Args:
            seed: Decides who gets which text.
        """
        dealt = {
            name: replace(
                fitted, catalogue=permuted_catalogue(fitted.catalogue, fitted.block, seed)
            )
            for name, fitted in self.blocks.items()
            if fitted.reader is not None
        }
        return FittedTable(self.catalogue, dealt).texts()


def save_parts(fitted: FittedBlock, folder: Path) -> None:
    """Write the fitted parts of a block, beside its rows.

    `encoder/` (with the files of a tuned model in it) or `fuser/`, `steps/0/` and so on,
    `adapters/0/` and so on, and `reader/` where the language model was tuned. What a block is fused
    of is kept by those blocks.

    Args:
        fitted: The block.
        folder: Its folder in a run directory.
    """
    parts = fitted.parts
    if isinstance(parts.start, FusedOf):
        _save(parts.start.fuser, folder / "fuser")
    else:
        _save(parts.start.encoder, folder / "encoder")
        if parts.start.tuning.steps and isinstance(parts.start.encoder, Portable):
            parts.start.encoder.save_model(_model_folder(folder / "encoder"))
            if fitted.reader is not None:
                _save(fitted.reader(), folder / "reader")
    for kind, steps in (("steps", parts.transforms), ("adapters", parts.adapters)):
        for number, step in enumerate(steps):
            _save(step, folder / kind / str(number))


@dataclass(frozen=True, eq=False)
class BlockFolder:
    """The fitted parts of a block, as `save_parts` wrote them; nothing is read before it is asked
    for.

    Attributes:
        folder: The block's folder.
        recipe: The parts, by name and settings.
        catalogue: The items of the run.
        sources: The blocks that it is fused of.
    """

    folder: Path
    recipe: BlockRecipe
    catalogue: Catalogue
    sources: Mapping[str, FittedBlock] = field(default_factory=dict)

    def fitted(self, block: Block) -> FittedBlock:
        """The block with what lies in the folder behind it."""
        reads = not self.recipe.fuses and can_be_tuned(
            registry.part_class(self.recipe.encoder.name)
        )
        return FittedBlock(block, self.catalogue, self.parts, self.reader if reads else None)

    def parts(self) -> FittedParts:
        """The fitted parts.

        Raises:
            BadInput: The run did not keep one of them, or the weights at hand are not those that it
                was fitted with.
            DamagedArtefact: Bytes are not what was written.
        """
        return FittedParts(
            self._start(),
            self._steps("steps", self.recipe.shape),
            self._steps("adapters", self.recipe.adapters),
        )

    def reader(self) -> Tunable:
        """The encoder as it was before any tuning."""
        part: Tunable = self._encoder.build()
        return part.load(_state(self.folder / ("reader" if self.recipe.tuners else "encoder")))

    def _start(self) -> Encoded | FusedOf:
        if self.recipe.fuses:
            fuser = self.recipe.fuser.build()
            return FusedOf(fuser.load(_state(self.folder / "fuser")), self.sources)
        place, tuners = self.folder / "encoder", self.recipe.tuners
        model = _model_folder(place) if tuners else None
        encoder = reopened(self._encoder, tuners, model).load(_state(place))
        return Encoded(encoder, Tuning.of(self._encoder, tuners))

    def _steps(self, kind: str, specs: Sequence[PartSpec[Any]]) -> tuple[Any, ...]:
        return tuple(
            spec.build().load(_state(self.folder / kind / str(number)))
            for number, spec in enumerate(specs)
        )

    @property
    def _encoder(self) -> PartSpec[Any]:
        return present_fields(self.recipe.encoder, self.catalogue)


def opened_blocks(
    folder: Path, blocks: Mapping[str, BlockRecipe], rows: Mapping[str, Block], catalogue: Catalogue
) -> FittedTable:
    """Blocks of a run directory with what was fitted behind them.

    Args:
        folder: The folder that holds a folder for each block.
        blocks: The recipe's blocks.
        rows: The blocks to open; what they are fused of must be among them.
        catalogue: The items of the run.
    """
    found: dict[str, FittedBlock] = {}

    def _open(name: str) -> FittedBlock:
        if name not in found:
            below = {source: _open(source) for source in BlockGraph(blocks).sources(name)}
            place = BlockFolder(folder / name, blocks[name], catalogue, below)
            found[name] = place.fitted(rows[name])
        return found[name]

    return FittedTable(catalogue, {name: _open(name) for name in rows})


def _model_folder(place: Path) -> Path:
    """Where the files of a tuned model lie: under a name that no other model's folder has."""
    return place / f"model-{store.digest(dict(_state(place).facts))[:16]}"


def _save(part: Storable, folder: Path) -> None:
    state = part.state()
    store.write(folder, state.arrays, state.facts)


def _state(folder: Path) -> Artefact:
    found = store.read(folder)
    if found is None:
        raise BadInput(
            "the run did not keep this fitted part",
            where=str(folder),
            next_step="run the recipe again with this version",
        )
    return found
