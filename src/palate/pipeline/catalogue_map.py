"""The map of the catalogue that the report draws: one block, the most popular items."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from palate.data.titles import labels, titles
from palate.explain.projection import project
from palate.pipeline.trial import Trial
from palate.recipe.recipe import Recipe
from palate.runs.documents import Map, Point
from palate.tables import Dataset, FeatureTable

LEAST_COLUMNS = 3
"""A map is by cosine: in one column there are two directions, in two a circle."""


def catalogue_map(recipe: Recipe, data: Dataset, trial: Trial) -> Map | None:
    """Two coordinates, a title, a label and a training count for the most popular items that have
    content; None if no map is wanted or there is no block.

    Raises:
        BadInput: Too few items, or too few that differ.
    """
    name = recipe.report.map_block or _drawn_block(trial.features)
    if not name or not recipe.report.map_items:
        return None
    block = trial.features.block(name, "report.map_block")
    counts = trial.split.train.item_counts()
    present = np.flatnonzero(block.present)
    rows = present[np.argsort(-counts[present], kind="stable")][: recipe.report.map_items]
    positions = project(block.matrix[rows], recipe.seed)
    names = titles(data.catalogue, recipe.report.title_field)
    field, label = labels(data.catalogue, recipe.report.label_field)
    points = [
        Point(
            data.catalogue.items.ids[row],
            names[row],
            round(float(x), 4),
            round(float(y), 4),
            int(counts[row]),
            label[row],
        )
        for row, (x, y) in zip(rows.tolist(), positions, strict=True)
    ]
    return Map(name, "SVD, then t-SNE", field, tuple(points))


def _drawn_block(features: FeatureTable) -> str:
    """The first dense block, or the first one; those whose directions can hardly differ come last,
    such as a price alone.
    """
    blocks = features.blocks
    wide = [name for name, block in blocks.items() if block.matrix.shape[1] >= LEAST_COLUMNS]
    dense = [name for name in wide if not sparse.issparse(blocks[name].matrix)]
    return next(iter([*dense, *wide, *blocks]), "")
