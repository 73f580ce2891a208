"""What a policy sees of candidates: the score, what the item is like, and how like the person."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from palate.arrays import Floats, Rows
from palate.encode.geometry.spectral import Pca, PcaSettings
from palate.recipe.policy import PolicyRecipe
from palate.stages import BlockTransform
from palate.tables import Block
from palate.tables.offers import Offers


@dataclass(frozen=True, eq=False)
class OfferedFeatures:
    """Features of candidates, the same for a policy at work and for one that is looked at offline:
    the score among the candidates, each block along its principal directions, the same times the
    person's (the mean over the history), and how near the two are.

    Attributes:
        directions: Block -> its fitted directions.
        sizes: Block -> the length of the typical item of the run along them: divided by it, one
            prior suits every block.
    """

    directions: Mapping[str, BlockTransform]
    sizes: Mapping[str, float]

    @classmethod
    def of(cls, recipe: PolicyRecipe, blocks: Mapping[str, Block]) -> OfferedFeatures:
        """Look at the blocks of a run.

        Args:
            recipe: Which of them, and how many directions.
            blocks: Name -> rows of the run's items.
        """
        found, sizes = dict[str, BlockTransform](), dict[str, float]()
        for name in recipe.settings.blocks:
            block = blocks[name]
            rows = np.flatnonzero(block.present).astype(np.int32)
            found[name] = Pca(PcaSettings(recipe.settings.directions)).fit(block, rows)
            matrix = np.asarray(found[name].transform(block).matrix, np.float64)[rows]
            sizes[name] = float(np.sqrt((matrix**2).sum(axis=1).mean())) if len(rows) else 1.0
        return cls(found, {name: size or 1.0 for name, size in sizes.items()})

    def rows(self, blocks: Mapping[str, Block], n_items: int) -> Floats:
        """float32 [n_items, d], along the directions of all blocks, one block after the other;
        zeros for items without content.
        """
        parts = [np.zeros((n_items, 0), np.float32)]
        for name, transform in self.directions.items():
            block = transform.transform(blocks[name])
            made = np.zeros((n_items, block.width), np.float32)
            matrix = np.asarray(block.matrix)[:n_items]
            made[: len(matrix)] = matrix / self.sizes[name]
            parts.append(made)
        return np.hstack(parts)

    def offers(self, rows: Floats, history: Rows, candidates: Rows, scores: Floats) -> Offers:
        """One round.

        Args:
            rows: float32 [n_items, d], see `rows`.
            history: int32, items that the person took.
            candidates: int32 [m], what may be shown.
            scores: float32 [m], of the model.
        """
        deviation = float(scores.std()) or 1.0
        scaled = ((scores - scores.mean()) / deviation).astype(np.float32)[:, None]
        item = rows[candidates]
        person = rows[history].mean(axis=0) if len(history) else np.zeros(rows.shape[1])
        length = float(np.linalg.norm(person)) or 1.0
        both = (item * (person / length)).astype(np.float32)
        near = both.sum(axis=1, keepdims=True)
        features = np.hstack([scaled, item, both, near])[None]
        return Offers(scores[None].astype(np.float32), None, features)

    def digest(self) -> str:
        """Of the directions: what a policy learnt over others is of no use."""
        found = hashlib.sha256()
        for name, transform in self.directions.items():
            found.update(name.encode())
            for key, array in sorted(transform.state().arrays.items()):
                found.update(key.encode() + np.ascontiguousarray(array).tobytes())
        return found.hexdigest()
