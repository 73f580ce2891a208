"""Items in bins, by where their rows lie along a few fixed directions of each block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from palate.arrays import Floats, Longs, Rows, l2_normalised
from palate.seeding import generator
from palate.serve.drift.stability import Stability, edges, stability
from palate.serve.engine.deployed import DeployedModel
from palate.tables import Block

DIRECTIONS: Final = 4
LATEST: Final = 20_000
"""Events of the run, the last ones, that stand for what it learnt of."""


@dataclass(frozen=True, eq=False)
class BinnedItems:
    """The items of one block.

    Attributes:
        bins: int64 [DIRECTIONS, n_items], the bin of each item.
        before: int64 [DIRECTIONS, n_bins], how often events of the run were in each.
    """

    bins: Longs
    before: Longs

    def beside(self, rows: Rows) -> Stability:
        """Where events with these items lie, beside those of the run, along the direction that
        changed most.
        """
        n_bins = self.before.shape[1]
        found = [
            stability(before, np.bincount(bins[rows], minlength=n_bins), DIRECTIONS)
            for bins, before in zip(self.bins, self.before, strict=True)
        ]
        return max(found, key=lambda one: one.psi)


def binned(model: DeployedModel) -> dict[str, BinnedItems]:
    """The items in the blocks that the model reads, as they are now.

    Cost: one pass over the rows of each block.
    """
    log = model.opened.data.interactions
    latest = log.item[log.in_time_order()[-LATEST:]]
    view = model.view
    found = {}
    for name in model.opened.recipe.graph.all_blocks(model.model):
        block = view.blocks.get(name) or model.opened.fitted.blocks[name].block
        found[name] = _binned(name, block, latest)
    return found


def latest_rows(model: DeployedModel, items: list[str]) -> Rows:
    """int32, rows of those of the items that the model's catalogue has."""
    row_of: Mapping[str, int] = model.view.items.catalogue.items.row_of
    return np.array([row_of[item] for item in items if item in row_of], np.int32)


def _binned(name: str, block: Block, latest: Rows) -> BinnedItems:
    rng = generator(0, "drift", name)
    directions: Floats = rng.normal(size=(block.width, DIRECTIONS)).astype(np.float32)
    along = np.asarray(l2_normalised(block.matrix) @ directions, np.float64)
    bins = []
    for column in along.T:
        inner = edges(column[latest]) if len(latest) else np.empty(0)
        # items without content are a bin of their own, the first
        bins.append(np.where(block.present, 1 + np.searchsorted(inner, column, "right"), 0))
    every = np.stack(bins).astype(np.int64)
    n_bins = int(every.max(initial=0)) + 1
    before = np.stack([np.bincount(own[latest], minlength=n_bins) for own in every])
    return BinnedItems(every, before)
