"""The tables `[users.NAME]` of a recipe: how histories become rows that two-sided models read."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from palate import store
from palate.arrays import Rows
from palate.encode.behaviour.space import Space
from palate.errors import BadInput
from palate.pipeline import artefacts
from palate.pipeline.block_recipe import BlockRecipe
from palate.pipeline.features import present_fields
from palate.pipeline.recipe import parse
from palate.pipeline.user_recipe import block_of
from palate.registry import PartSpec
from palate.stages import UserEncoder
from palate.store import Artefact
from palate.tables import Catalogue, FeatureTable, Training


def fitted_users(
    users: Mapping[str, PartSpec],
    blocks: Mapping[str, BlockRecipe],
    catalogue: Catalogue,
    training: Training,
) -> dict[str, UserEncoder]:
    """Every user encoder of a recipe, fitted on the training part.

    Args:
        users: Name -> part.
        blocks: The recipe's blocks.
        catalogue: All items.
        training: The training part with its features.
    """
    rows = np.unique(training.interactions.item).astype(np.int32)
    return {
        name: user.build().fit(_space(user, blocks, catalogue, training.features, rows), training)
        for name, user in users.items()
    }


def write_users(folder: Path, users: Mapping[str, UserEncoder]) -> None:
    """`users/NAME/`: what each user encoder found out, besides the blocks and the catalogue, which lie there too."""
    for name, user in users.items():
        state = user.state()
        store.write(folder / "users" / name, state.arrays, {"facts": dict(state.facts)})


def users_of_run(folder: Path) -> dict[str, UserEncoder]:
    """The user encoders of a run directory; encoders of texts are built again from its recipe and catalogue.

    Raises:
        BadInput: The run does not hold them.
        DamagedArtefact: Their bytes are not what was written.
    """
    recipe = parse(tomllib.loads((folder / "recipe.toml").read_text(encoding="utf-8")), folder)
    log, catalogue = artefacts.read_log(folder)
    names = list(dict.fromkeys(block_of(user, recipe.blocks) for user in recipe.users.values()))
    features = artefacts.read_features(folder, names, log.items)
    counts = store.read(folder / "log")
    rows = np.flatnonzero(counts.arrays["train_count"]).astype(np.int32) if counts else np.empty(0, np.int32)
    found: dict[str, UserEncoder] = {}
    for name, user in recipe.users.items():
        artefact = store.read(folder / "users" / name)
        if artefact is None:
            raise BadInput(f'the run holds no user encoder "{name}"', where=str(folder), next_step="run it again")
        state = Artefact(artefact.arrays, artefact.facts["facts"])
        found[name] = user.build().load(state, _space(user, recipe.blocks, catalogue, features, rows))
    return found


def _space(
    user: PartSpec, blocks: Mapping[str, BlockRecipe], catalogue: Catalogue, features: FeatureTable, rows: Rows
) -> Space:
    name = block_of(user, blocks)
    recipe = blocks[name]
    encoder = None if recipe.fuses or recipe.adapt else present_fields(recipe.encoder, catalogue)
    return Space(replace(features.block(name), name=name), encoder, recipe.shape, catalogue, rows)
