"""A few standardised columns that stand for a block, however wide it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from palate.arrays import Doubles, Longs
from palate.perturbation.sampler import Components
from palate.tables.labelled_rows import LabelledRows

WIDTH = 3
"""Principal components that stand for a block of more columns."""


@dataclass(frozen=True, eq=False)
class Signatures:
    """All blocks' stand-ins side by side.

    Attributes:
        names: The blocks, sorted by name so that nothing depends on their order.
        columns: float64 [n_rows, m], mean 0 and length 1; zeros where a column is constant.
        start: int64 [n_blocks], the first column of each block.
    """

    names: tuple[str, ...]
    columns: Doubles
    start: Longs

    @classmethod
    def of(cls, labelled: LabelledRows) -> Signatures:
        """Blocks of up to three columns as they are, wider ones by their leading components."""
        names = tuple(sorted(labelled.names))
        parts = [
            Components.of(labelled.blocks[name], WIDTH).of_rows(labelled.blocks[name])
            for name in names
        ]
        Z = np.concatenate([np.empty((len(labelled), 0)), *parts], axis=1)
        Z = Z - Z.mean(axis=0)
        length = np.linalg.norm(Z, axis=0)
        widths = [part.shape[1] for part in parts]
        start = (
            np.concatenate([[0], np.cumsum(widths)[:-1]]).astype(np.int64)
            if parts
            else np.empty(0, np.int64)
        )
        return cls(names, Z / np.where(length > 1e-9 * np.sqrt(len(Z)), length, np.inf), start)

    def relevance(self, label: Doubles) -> Doubles:
        """float64 [n_blocks], the largest absolute correlation with the label."""
        y = label - label.mean()
        size = float(np.linalg.norm(y))
        return self.best(
            np.abs(self.columns.T @ (y / size)) if size > 0 else np.zeros(self.columns.shape[1])
        )

    def similarity(self, j: int) -> Doubles:
        """float64 [n_blocks], the largest absolute correlation of each block with block `j`."""
        end = self.start[j + 1] if j + 1 < len(self.start) else self.columns.shape[1]
        return self.best(np.abs(self.columns.T @ self.columns[:, self.start[j] : end]).max(axis=1))

    def best(self, of_columns: Doubles) -> Doubles:
        """float64 [n_blocks], the largest of each block's columns."""
        return np.maximum.reduceat(of_columns, self.start) if len(self.start) else np.empty(0)
