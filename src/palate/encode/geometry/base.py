"""What all transforms share: they learn from present training items alone, and absent items stay
zero.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Self, final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from palate import config
from palate.arrays import Floats, Mask, Matrix, Rows, dense
from palate.encode.content import digest_of_rows
from palate.errors import BadInput, BadRecipe
from palate.part_state import PartState, fitted, state_of
from palate.store import Artefact
from palate.tables import Block

MOST_COLUMNS = 4096
"""A sparse block of more columns is never made dense."""


class Geometry(ABC):
    """Base of the transforms. Authors write `learn`, `apply`, `learnt` and `restore`.

    What is learnt is kept C-contiguous: a sum of products may differ in its last bit with the
    layout of a matrix, and a loaded transform gives the bytes of the one that was fitted.

    Attributes:
        name: Versioned name of the part.
        keeps_columns: Whether column i of the result still is column i of the block.
        width_: Columns of the block that it was fitted on, known to `learn` and `restore`.
    """

    name: ClassVar[str]
    keeps_columns: ClassVar[bool] = False
    settings: Any
    width_: int
    fitted_on_: str

    @abstractmethod
    def learn(self, X: Matrix) -> None:
        """Learn from the present training items, float32 [n, d], n >= 1."""

    @abstractmethod
    def apply(self, X: Matrix) -> Matrix:
        """float32 [n, d] -> float32 [n, d']; rows of absent items are put to zero afterwards."""

    @abstractmethod
    def learnt(self) -> Mapping[str, NDArray[Any]]:
        """What `learn` learnt, by name; empty where nothing is."""

    @abstractmethod
    def restore(self, state: PartState) -> None:
        """Take up what `learnt` gave, in place of `learn`."""

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
        self.width_ = block.width
        self.learn(block.matrix[present])
        self.fitted_on_ = digest_of_rows(present)
        return self

    @final
    def transform(self, block: Block) -> Block:
        """The block, reshaped; absent items stay zero, and the step is added to the origin.

        Raises:
            Refused: The transform has not been fitted.
            BadInput: The block has another number of columns than the one it was fitted on.
        """
        fitted_on = fitted(self, "fitted_on_")
        if block.width != self.width_:
            raise BadInput(
                f"the block has {block.width} columns",
                where=self.name,
                allowed=f"{self.width_}, as the block that it was fitted on",
                next_step="give the block that the same encoder makes of the new items",
            )
        matrix = _masked(self.apply(block.matrix), block.present)
        step = {
            "part": self.name,
            "settings": config.resolved(self.settings),
            "fitted_on": fitted_on,
        }
        origin = replace(block.origin, steps=(*block.origin.steps, step))
        columns = block.columns[: matrix.shape[1]] if self.keeps_columns else ()
        return replace(block, matrix=matrix, origin=origin, columns=columns)

    @final
    def state(self) -> Artefact:
        """What was learnt, the number of columns, and the digest of the training items.

        Raises:
            Refused: The transform has not been fitted.
        """
        facts = {"fitted_on": fitted(self, "fitted_on_"), "width": self.width_}
        return state_of(self, self.learnt(), facts)

    @final
    def load(self, state: Artefact) -> Self:
        """Take up what `state` gave, instead of `fit`.

        Raises:
            BadInput: It is the state of another part or other settings, or is not whole.
        """
        kept = PartState.of(self, state)
        self.width_ = kept.fact("width", int)
        self.restore(kept)
        self.fitted_on_ = kept.fact("fitted_on", str)
        return self


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
