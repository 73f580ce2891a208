"""A finished run, opened: the one way to everything that lies in a run directory.

Nothing is read from the original data, which may be gone, and nothing is fitted: what was fitted
is read. Each piece is read when it is first asked for.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np

from palate.arrays import Rows
from palate.errors import BadInput, nearest
from palate.fit.fitted import FittedTable, opened_blocks
from palate.fit.users import space_of
from palate.growth import grown
from palate.recipe.recipe import Recipe, parse
from palate.runs import artefacts
from palate.runs.files import RunFile
from palate.runs.manifest import RunManifest, check_file, complete, read_manifest
from palate.stages import FitContext, Scorer, TwoSided, UserEncoder
from palate.tables import Catalogue, Dataset, FeatureTable, Split, Training

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class InMemory:
    """What of a run is in memory already, so that it is not read.

    Attributes:
        data: The cleaned log and catalogue.
        split: How the log was split.
        features: The blocks that the models read.
        scorers: Fitted models by name.
    """

    data: Dataset | None = None
    split: Split | None = None
    features: FeatureTable | None = None
    scorers: Mapping[str, Scorer] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class OpenedRun:
    """Everything that anybody may ask of a finished run.

    Attributes:
        folder: The run directory.
        recipe: With every setting that was in force.
        manifest: Which files the run is made of.
        known: What is in memory already; all else is read from the folder, once.
    """

    folder: Path
    recipe: Recipe
    manifest: RunManifest
    known: InMemory = InMemory()

    @cached_property
    def data(self) -> Dataset:
        """The cleaned log and catalogue."""
        kept = self.known.data
        if kept is not None:
            return kept
        log = self._log
        return Dataset(log.log, log.catalogue, log.people, id_types=log.id_types)

    @cached_property
    def split(self) -> Split:
        """The same split as then.

        Raises:
            BadInput: This version of palate splits the log otherwise than the one that made the
                run.
        """
        if self.known.split is not None:
            return self.known.split
        kept = self._log
        split = self.recipe.split.build().split(kept.log, self.recipe.seed)
        if not np.array_equal(kept.train_count, split.train.item_counts()):
            raise BadInput(
                "the log splits otherwise than when the run was made",
                where=str(self.folder / "log"),
                next_step="run the recipe again with this version",
            )
        return split

    @cached_property
    def features(self) -> FeatureTable:
        """The blocks that the models read, as they were fitted then."""
        if self.known.features is not None:
            return self.known.features
        graph = self.recipe.graph
        read = {block for name in graph.models for block in graph.all_blocks(name)}
        names = [name for name in self.recipe.blocks if name in read]
        return FeatureTable(
            self.data.catalogue.items, {name: self.fitted.blocks[name].block for name in names}
        )

    @cached_property
    def fitted(self) -> FittedTable:
        """All blocks with the fitted parts behind them, which are read when they are needed.

        What is in memory already has nothing behind it.
        """
        blocks, catalogue = self.recipe.blocks, self.data.catalogue
        if self.known.features is not None:
            return FittedTable(catalogue)
        self._same_run()
        rows = {name: artefacts.read_block(self.folder, name) for name in blocks}
        return opened_blocks(self.folder / "features", blocks, rows, catalogue)

    @cached_property
    def users(self) -> dict[str, UserEncoder]:
        """The fitted encoders of histories."""
        if not self.recipe.users:
            return {}
        self._same_run()
        return {
            name: artefacts.read_user(
                self.folder, user, name, space_of(user, self.recipe.blocks, self.fitted)
            )
            for name, user in self.recipe.users.items()
        }

    @property
    def forgotten_items(self) -> Rows:
        """int32, rows of items that were taken out of the run and must not be recommended."""
        return np.array(self.manifest.forgotten.item_rows, np.int32)

    def scorer(self, name: str) -> Scorer:
        """A fitted model, with its members.

        Raises:
            BadInput: The recipe has no such model, or the folder does not hold it.
        """
        if name not in self._scorers:
            self._scorers[name] = self._read_scorer(name)
        return self._scorers[name]

    def grown(self, name: str, catalogue: Catalogue) -> Scorer:
        """A fitted model for a catalogue that has grown since; nothing is fitted again.

        Args:
            name: The model.
            catalogue: All items, those of the run first; see `Catalogue.grown`.

        Raises:
            BadInput: There is no such model, or the catalogue lost items.
        """
        read = self.recipe.graph.all_blocks(name) if name in self.recipe.models else ()
        blocks = {block: self.fitted.blocks[block].extend(catalogue) for block in read}
        return grown(self.scorer(name), FeatureTable(catalogue.items, blocks))

    def training(self) -> Training:
        """What the models were fitted on."""
        return Training(self.split.train, self.features, self.split.validation, self.data.users)

    def context(self) -> FitContext:
        """What else they got, members aside."""
        texts = self.fitted.texts()
        return FitContext(seed=self.recipe.seed, users=self.users, texts=texts)

    def file(self, name: str) -> Path:
        """The path of one of the run's files, e.g. `leaderboard.json`.

        Raises:
            BadInput: The run has no such file, or it is being made again.
        """
        self._same_run()
        return check_file(self.folder, self.manifest, name)

    def rows(self, file: RunFile[T]) -> T:
        """What one of the run's files of rows says.

        Raises:
            BadInput: The run has no such file, or another version of palate wrote it.
        """
        return file.read(self.file(file.name).parent)

    @cached_property
    def _log(self) -> artefacts.KeptLog:
        self._same_run()
        return artefacts.read_log(self.folder)

    @cached_property
    def _scorers(self) -> dict[str, Scorer]:
        return dict(self.known.scorers)

    def _same_run(self) -> None:
        """Check that no one put another run in this one's place since it was opened."""
        now = read_manifest(self.folder)
        if now is None or now.run != self.manifest.run:
            raise BadInput(
                "another run took the place of this one since it was opened",
                where=str(self.folder),
                next_step="open it again: palate.Run(FOLDER)",
            )

    def _read_scorer(self, name: str) -> Scorer:
        self._same_run()
        models = self.recipe.models
        if name not in models:
            raise BadInput(
                f'the run has no model "{name}"',
                where="model",
                allowed=", ".join(models),
                next_step=nearest(name, models),
            )
        members = {member: self.scorer(member) for member in self.recipe.graph.members(name)}
        scorer = artefacts.read_model(self.folder, models[name], name, members)
        if isinstance(scorer, TwoSided) and self.recipe.graph.users_of(name):
            return scorer.with_users(self.users)
        return scorer


def open_run(folder: Path) -> OpenedRun:
    """Open a run directory.

    Raises:
        BadInput: There is no run, it did not finish, or its files are not those of one run.
    """
    manifest = complete(folder)
    recipe = parse(tomllib.loads((folder / "recipe.toml").read_text(encoding="utf-8")), folder)
    return OpenedRun(folder, recipe, manifest)
