"""Named blocks of item features, each with its origin."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
from scipy import sparse

from palate import store
from palate.arrays import Mask, Matrix, l2_normalised
from palate.errors import BadInput, BadRecipe, nearest
from palate.tables.findings import Finding
from palate.tables.vocabulary import Vocabulary

_FIELD: Final = re.compile(r"[=:. ]")


@dataclass(frozen=True)
class Origin:
    """Everything that a block's numbers depend on.

    Attributes:
        part: Versioned name of the encoder.
        fields: Source fields.
        settings: All its settings.
        weights: Digest of the model's weights; empty where there are none.
        data: Digest of the content that was encoded and of the rows it was fitted on.
        steps: Geometry steps applied afterwards, as (part name, settings).
    """

    part: str
    fields: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    weights: str = ""
    data: str = ""
    steps: tuple[Mapping[str, Any], ...] = ()

    def facts(self) -> dict[str, Any]:
        """The origin as plain values."""
        return {
            "part": self.part,
            "fields": list(self.fields),
            "settings": dict(self.settings),
            "weights": self.weights,
            "data": self.data,
            "steps": [dict(s) for s in self.steps],
        }

    def key(self) -> str:
        """SHA-256 of the whole origin: equal keys mean equal numbers."""
        return store.digest(self.facts())


@dataclass(frozen=True, eq=False)
class Block:
    """One matrix of item features.

    Attributes:
        name: e.g. `"text.minilm"`.
        matrix: float32 [n_items, d], dense or CSR; rows of absent items are zeros.
        present: bool [n_items], false where the item has no such content.
        origin: Where the numbers come from.
        columns: Names of the d columns; empty where they have none (embeddings).
        seconds: Wall time spent to make it (0 when it came whole from the cache).
        findings: What a person should know about the items that ended absent, and about content
            left unused.
    """

    name: str
    matrix: Matrix
    present: Mask
    origin: Origin
    columns: tuple[str, ...] = ()
    seconds: float = 0.0
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        if len(self.present) != self.matrix.shape[0]:
            raise BadInput(
                f"{self.matrix.shape[0]} rows and {len(self.present)} marks of presence",
                where=self.name,
            )
        if self.columns and len(self.columns) != self.matrix.shape[1]:
            raise BadInput(
                f"{self.matrix.shape[1]} columns and {len(self.columns)} names of them",
                where=self.name,
            )

    @property
    def width(self) -> int:
        """d, the number of columns."""
        return int(self.matrix.shape[1])

    @cached_property
    def unit_rows(self) -> Matrix:
        """float32 [n_items, d], the rows scaled to length one, made once for all models that read
        them; not to be written to.

        Raises:
            BadInput: The matrix holds NaN or infinite numbers.
        """
        return l2_normalised(self.finite())

    def fields_of_columns(self) -> tuple[str, ...]:
        """The field that each column was made of: of those that the origin names the longest one
        that it begins with, else what stands before a sign: `price`, `kind=x` and `kind=y` are of
        `price` and `kind`.
        """
        found = []
        for column in self.columns:
            begun = [f for f in self.origin.fields if column.startswith(f)]
            found.append(max(begun, key=len) if begun else _FIELD.split(column, maxsplit=1)[0])
        return tuple(found)

    @property
    def n_bytes(self) -> int:
        """Bytes of the numbers in memory."""
        if sparse.issparse(self.matrix):
            return int(
                self.matrix.data.nbytes + self.matrix.indices.nbytes + self.matrix.indptr.nbytes
            )
        return int(self.matrix.nbytes)

    def finite(self) -> Matrix:
        """The matrix.

        Raises:
            BadInput: It holds NaN or infinite numbers.
        """
        good = np.isfinite(self.matrix.data if sparse.issparse(self.matrix) else self.matrix)
        if not good.all():
            raise BadInput(
                f"{int((~good).sum())} numbers of the block are NaN or infinite",
                where=f"blocks.{self.name}",
                next_step="encode the block again, or correct its source",
            )
        return self.matrix


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """The blocks of one catalogue.

    Attributes:
        items: Vocabulary of all items; every block has one row for each.
        blocks: Name -> block.
    """

    items: Vocabulary
    blocks: Mapping[str, Block] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, block in self.blocks.items():
            if block.matrix.shape[0] != len(self.items):
                raise BadInput(
                    f'block "{name}" has {block.matrix.shape[0]} rows and the catalogue'
                    f" {len(self.items)} items",
                    where=f"blocks.{name}",
                    next_step="give one row for each item, in the catalogue's order",
                )

    def block(self, name: str, where: str = "block") -> Block:
        """One block.

        Raises:
            BadRecipe: There is no block of that name.
        """
        if name not in self.blocks:
            raise BadRecipe(
                f'there is no block "{name}"',
                where=where,
                allowed=", ".join(self.blocks) or "none: the recipe has no blocks",
                next_step=nearest(name, self.blocks),
            )
        return self.blocks[name]

    def replaced(self, block: Block) -> FeatureTable:
        """The same table with one block put in, or exchanged for another of its name."""
        return FeatureTable(self.items, {**self.blocks, block.name: block})
