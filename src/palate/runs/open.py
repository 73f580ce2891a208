"""A finished run, opened again: what it read, how it was parted, what it made and learnt."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from palate import store
from palate.errors import BadInput
from palate.fit.texts import readable_blocks
from palate.recipe import graph
from palate.recipe.recipe import Recipe, parse
from palate.runs import artefacts
from palate.stages import Scorer
from palate.tables import Dataset, FeatureTable, Split, Training


@dataclass(frozen=True, eq=False)
class Reopened:
    """Everything that questions to a finished run need.

    Attributes:
        folder: The run directory.
        recipe: With every setting that was in force.
        data: The cleaned log and catalogue.
        split: The same split as then.
        features: The blocks that the models read, as they were fitted then.
        scorers: Fitted models that are in memory already.
    """

    folder: Path
    recipe: Recipe
    data: Dataset
    split: Split
    features: FeatureTable
    scorers: Mapping[str, Scorer] = field(default_factory=dict)

    def scorer(self, name: str) -> Scorer:
        """A fitted model, with its members."""
        if name in self.scorers:
            return self.scorers[name]
        return artefacts.read_model(self.folder, self.recipe.models, name)

    def training(self) -> Training:
        """What the models were fitted on."""
        users = artefacts.users_of_run(self.folder) if self.recipe.users else {}
        training = Training(
            self.split.train,
            self.features,
            self.split.validation,
            seed=self.recipe.seed,
            users=users,
        )
        return replace(
            training, readable=readable_blocks(self.recipe.blocks, self.data.catalogue, training)
        )


def reopen(folder: Path) -> Reopened:
    """Open a run directory; nothing is read from the original data, which may be gone.

    Raises:
        BadInput: There is no finished run, or it was made by a palate that parts the log otherwise.
        DamagedArtefact: Its bytes are not what was written.
    """
    path = folder / "recipe.toml"
    if not path.is_file():
        raise BadInput(
            "there is no run here", where=str(folder), next_step="palate run RECIPE makes one"
        )
    recipe = parse(tomllib.loads(path.read_text(encoding="utf-8")), folder)
    log, catalogue = artefacts.read_log(folder)
    split: Split = recipe.split.build().split(log, recipe.seed)
    counts = store.read(folder / "log")
    if counts is None or not np.array_equal(
        counts.arrays["train_count"], split.train.item_counts()
    ):
        raise BadInput(
            "the log parts otherwise than when the run was made",
            where=str(folder / "log"),
            next_step="run the recipe again with this version",
        )
    read = {block for name in recipe.models for block in graph.all_blocks(name, recipe.models)}
    features = artefacts.read_features(folder, [b for b in recipe.blocks if b in read], log.items)
    return Reopened(folder, recipe, Dataset(log, catalogue), split, features)
