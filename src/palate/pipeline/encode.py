"""Only the feature blocks of a recipe, written for other tools."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from palate import store
from palate.arrays import dense
from palate.data.assemble import read
from palate.data.clean import clean
from palate.errors import BadInput
from palate.pipeline.features import encode_all
from palate.pipeline.progress import Progress, Stopwatch
from palate.pipeline.recipe import Recipe
from palate.tables import Block, FeatureTable, Training, Vocabulary
from palate.tables.columns import ITEM

MAX_DENSE = 2_000_000_000


@dataclass(frozen=True)
class Written:
    """One block on disk.

    Attributes:
        block: Its name.
        items: Items that have content.
        width: Columns.
        seconds: Time spent to make it.
        path: The file.
    """

    block: str
    items: int
    width: int
    seconds: float
    path: Path

    def facts(self) -> dict[str, Any]:
        """As plain values."""
        return {**vars(self), "path": str(self.path)}


def encode(recipe: Recipe, folder: Path, kind: Literal["parquet", "npy"], progress: Progress) -> list[Written]:
    """Make every block, fitted on the recipe's training part, and write one file each.

    Args:
        recipe: Names data, split and blocks.
        folder: Where to write; `BLOCK.parquet` {item_id, present, vector} or `BLOCK.npy` with `items.txt`, row for row.
        kind: Which of the two.
        progress: Told what happens.

    Raises:
        BadInput: The recipe has no blocks, or one is too wide to be written dense.
    """
    if not recipe.blocks:
        raise BadInput(
            "the recipe has no blocks", where="blocks", next_step='add [blocks."text.tfidf"] part = "text.tfidf.v1"'
        )
    watch = Stopwatch(progress)
    with watch.stage("read"):
        data, _ = clean(read(recipe.data, recipe.base), recipe.clean)
        split = recipe.split.build().split(data.interactions, recipe.seed)
    training = Training(split.train, FeatureTable(data.catalogue.items), split.validation, seed=recipe.seed)
    features = encode_all(recipe.blocks, data.catalogue, training, watch)
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "npy":
        store.write_text(folder / "items.txt", "".join(f"{name}\n" for name in features.items.ids))
    return [_write(block, features.items, folder, kind) for block in features.blocks.values()]


def _write(block: Block, items: Vocabulary, folder: Path, kind: str) -> Written:
    if 4 * len(items) * block.width > MAX_DENSE:
        raise BadInput(
            f"{len(items)} x {block.width} numbers are too many to write dense",
            where=f"blocks.{block.name}",
            next_step='reduce it first: add a step part = "geometry.pca.v1"',
        )
    matrix = dense(block.matrix)
    path = folder / f"{block.name}.{kind}"
    if kind == "npy":
        np.save(path, matrix, allow_pickle=False)
    else:
        vectors = pl.Series("vector", matrix, dtype=pl.Array(pl.Float32, block.width))
        pl.DataFrame({ITEM: list(items.ids), "present": block.present}).with_columns(vectors).write_parquet(path)
    return Written(block.name, int(block.present.sum()), block.width, block.seconds, path)
