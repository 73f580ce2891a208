"""Only the feature blocks of a recipe, written for other tools."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from palate.encode.file_digests import forget_digests
from palate.encode.vectors.formats import Writable, write_vectors
from palate.errors import BadInput
from palate.execute import executor
from palate.fit.blocks import Encoding
from palate.fit.tracking import tracking
from palate.pipeline.reading import data_of
from palate.progress import Progress, Stopwatch
from palate.recipe.extras import check_extras
from palate.recipe.recipe import Recipe
from palate.stages import FitContext
from palate.tables import FeatureTable, Training

__all__ = ["Written", "encode", "forget_digests"]


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


def encode(recipe: Recipe, folder: Path, kind: Writable, progress: Progress) -> list[Written]:
    """Make every block, fitted on the recipe's training part, and write one file each.

    Args:
        recipe: Names data, split and blocks.
        folder: Where to write.
        kind: The format, see `palate.encode.vectors.formats.write_vectors`.
        progress: Receives the stages.

    Raises:
        BadInput: The recipe has no blocks, one is too wide to be written dense, or ids do not fit
            the format.
    """
    if not recipe.blocks:
        raise BadInput(
            "the recipe has no blocks",
            where="blocks",
            next_step='add [blocks."text.tfidf"] part = "text.tfidf.v1"',
        )
    check_extras(recipe, "encode")
    watch = Stopwatch(progress)
    with watch.stage("read"):
        data = data_of(recipe).cleaned
        split = recipe.split.build().split(data.interactions, recipe.seed)
    nothing = FeatureTable(data.catalogue.items)
    training = Training(split.train, nothing, split.validation, data.users)
    context = FitContext(seed=recipe.seed)
    executor_settings = recipe.execute
    work = (
        None
        if executor_settings.kind == "inline"
        else executor(executor_settings.kind, executor_settings.workers, executor_settings.address)
    )
    with tracking(recipe.track, f"{recipe.name}-encode", progress) as tracked:
        features = (
            Encoding(recipe.blocks, data.catalogue, training, context, watch, tracked.of, work)
            .all()
            .features
        )
    blocks = list(features.blocks.values())
    paths = write_vectors(blocks, features.items, folder, kind)
    return [
        Written(b.name, int(b.present.sum()), b.width, b.seconds, path)
        for b, path in zip(blocks, paths, strict=True)
    ]
