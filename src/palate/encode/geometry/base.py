"""What all transforms share: they learn from present training items alone, and absent items stay
zero.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, ClassVar, Self, final

import numpy as np
from scipy import sparse

from palate import config
from palate.arrays import Floats, Mask, Matrix, Rows, dense
from palate.encode.content import digest_of_rows
from palate.errors import BadInput, BadRecipe
from palate.tables import Block

MOST_COLUMNS = 4096
"""A sparse block of more columns is never made dense."""


class Geometry(ABC):
    """Base of the transforms. Authors write `learn` and `apply`.

    Attributes:
        name: Versioned name of the part.
        keeps_columns: Whether column i of the result still is column i of the block.
    """

    name: ClassVar[str]
    keeps_columns: ClassVar[bool] = False
    settings: Any

    @abstractmethod
    def learn(self, X: Matrix) -> None:
        """Learn from the present training items, float32 [n, d], n >= 1."""

    @abstractmethod
    def apply(self, X: Matrix) -> Matrix:
        """float32 [n, d] -> float32 [n, d']; rows of absent items are put to zero afterwards."""

    @final
    def fit(self, block: Block, rows: Rows) -> Self:
        """Learn from the training items `rows` alone.

        Raises:
            BadInput: None of them has this content.
        """
        rows = np.unique(rows)
        present = rows[block.present[rows]]
        if not len(present):
            raise BadInput(
                "no training item has this content, so there is nothing to learn a geometry from",
                where=f"blocks.{block.name}",
                next_step="leave the transform out, or choose fields that training items have",
            )
        self.learn(block.matrix[present])
        self.fitted_on_ = digest_of_rows(present)
        return self

    @final
    def transform(self, block: Block) -> Block:
        """The block, reshaped; absent items stay zero, and the step is added to the origin."""
        matrix = _masked(self.apply(block.matrix), block.present)
        step = {
            "part": self.name,
            "settings": config.resolved(self.settings),
            "fitted_on": self.fitted_on_,
        }
        origin = replace(block.origin, steps=(*block.origin.steps, step))
        columns = block.columns[: matrix.shape[1]] if self.keeps_columns else ()
        return replace(block, matrix=matrix, origin=origin, columns=columns)


def made_dense(X: Matrix, part: str) -> Floats:
    """`X` as a dense array.

    Raises:
        BadRecipe: It is sparse and so wide that it would fill the memory.
    """
    if sparse.issparse(X) and X.shape[1] > MOST_COLUMNS:
        raise BadRecipe(
            f"a sparse block of {X.shape[1]} columns would have to be made dense",
            where=part,
            allowed=f"dense blocks, and sparse ones of up to {MOST_COLUMNS} columns",
            next_step=(
                "put geometry.pca.v1 or geometry.project.v1 before it, or use geometry.l2.v1 alone"
            ),
        )
    return dense(X)


def _masked(matrix: Matrix, present: Mask) -> Matrix:
    if present.all():
        return matrix
    if sparse.issparse(matrix):
        kept = sparse.csr_matrix(
            sparse.diags(present.astype(np.float32)) @ matrix, dtype=np.float32
        )
        kept.eliminate_zeros()
        return kept
    return np.asarray(np.where(present[:, None], matrix, np.float32(0)), np.float32)
