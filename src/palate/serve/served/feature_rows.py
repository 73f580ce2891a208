"""The features of an item as bytes: what a model read when it made a list, and what the next one
learns from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from scipy import sparse

from palate.arrays import Floats
from palate.errors import DamagedArtefact
from palate.runs.open import OpenedRun
from palate.serve.engine.view import View
from palate.tables import Block

DENSE, SPARSE, ABSENT = b"D", b"S", b"-"
_FLOAT, _INDEX = np.dtype("<f4"), np.dtype("<i4")
_DIGEST_BYTES: Final = 16


@dataclass(frozen=True)
class FeatureRow:
    """One item's row of one block.

    Attributes:
        digest: Of block, width and bytes.
        block: The block's name.
        width: Numbers of a row.
        content: The row: `D` and all numbers, or `S`, their columns and those that are not zero, or
            `-` for an item without such content; float32 and int32, little-endian.
    """

    digest: bytes
    block: str
    width: int
    content: bytes


def row_of(block: Block, row: int) -> FeatureRow:
    """An item's row of a block."""
    content = _content(block, row)
    described = f"{block.name}\0{block.width}\0".encode() + content
    digest = hashlib.blake2b(described, digest_size=_DIGEST_BYTES).digest()
    return FeatureRow(digest, block.name, block.width, content)


def numbers_of(row: FeatureRow) -> Floats:
    """float32 [width], the row's numbers; zeros for an item without such content.

    Raises:
        DamagedArtefact: The bytes are no row of that width.
    """
    numbers, kind, body = np.zeros(row.width, np.float32), row.content[:1], row.content[1:]
    try:
        if kind == DENSE:
            numbers[:] = np.frombuffer(body, _FLOAT)
        elif kind == SPARSE:
            half = len(body) // 2
            numbers[np.frombuffer(body[:half], _INDEX)] = np.frombuffer(body[half:], _FLOAT)
        elif row.content != ABSENT:
            raise ValueError("unknown kind")
    except (ValueError, IndexError) as error:
        raise DamagedArtefact(
            f"{len(row.content)} bytes are no row of {row.width} numbers", where=row.block
        ) from error
    return numbers


@final
class ServedFeatures:
    """Rows of the blocks that a model reads, item by item, each looked up once for as long as the
    block stays the same.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[Block, dict[int, FeatureRow]]] = {}

    def of_item(
        self, view: View, opened: OpenedRun, names: Sequence[str], item: str
    ) -> list[FeatureRow]:
        """The item's row in each block; none for an item that is not in the view."""
        row = view.items.row(item)
        if row is None:
            return []
        return [self._row(block_of(view, opened, name), row) for name in names]

    def _row(self, block: Block, row: int) -> FeatureRow:
        known, found = self._known.get(block.name, (None, {}))
        if known is not block:
            found = {}
            self._known[block.name] = (block, found)
        if row not in found:
            found[row] = row_of(block, row)
        return found[row]


def block_of(view: View, opened: OpenedRun, name: str) -> Block:
    """The rows of a block as a model of the view reads them."""
    blocks: Mapping[str, Block] = view.blocks
    return blocks[name] if name in blocks else opened.fitted.blocks[name].block


def _content(block: Block, row: int) -> bytes:
    if not block.present[row]:
        return ABSENT
    matrix = block.matrix
    if sparse.issparse(matrix):
        inside = slice(matrix.indptr[row], matrix.indptr[row + 1])
        columns = matrix.indices[inside].astype(_INDEX)
        return SPARSE + bytes(columns.tobytes() + matrix.data[inside].astype(_FLOAT).tobytes())
    return DENSE + bytes(matrix[row].astype(_FLOAT).tobytes())
