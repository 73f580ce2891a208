"""The features of an item as bytes: what a model read when it made a list, and what the next one
learns from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from scipy import sparse

from palate.arrays import Floats
from palate.errors import DamagedArtefact
from palate.runs.open import OpenedRun
from palate.serve.engine.items import Items
from palate.serve.engine.view import View
from palate.serve.served.lists import DIGEST_BYTES
from palate.tables import Block

DENSE, SPARSE, ABSENT = b"D", b"S", b"-"
_FLOAT, _INDEX = np.dtype("<f4"), np.dtype("<i4")


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
    digest = hashlib.blake2b(described, digest_size=DIGEST_BYTES).digest()
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
    """Digests of the rows of the blocks that a model reads, each worked out once for as long as the
    block stays the same, and which of these rows are kept.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[Block, dict[int, bytes]]] = {}
        self._kept: set[bytes] = set()
        self._latest: tuple[Items, tuple[Block, ...]] | None = None
        self._whole: dict[str, bytes] = {}

    def keep(self, digests: Iterable[bytes]) -> None:
        """The rows of these digests are kept by now."""
        self._kept.update(digests)

    def keep_again(self) -> None:
        """Which rows are kept is not known any more."""
        self._kept.clear()
        self._whole.clear()

    def of_items(
        self,
        view: View,
        opened: OpenedRun,
        names: Sequence[str],
        items: Sequence[str],
        rows: dict[bytes, FeatureRow],
    ) -> list[bytes]:
        """Digests of each item's row in each block, one after the other; none for an item that is
        not in the view.

        Args:
            view: The catalogue.
            opened: The run.
            names: Of the blocks.
            items: Ids.
            rows: Gets the rows that are not kept yet.
        """
        blocks = tuple(block_of(view, opened, name) for name in names)
        self._look_at(view.items, blocks)
        # most items were on a list before, and of those nothing is to be done
        found = [self._whole.get(item) for item in items]
        return [
            self._of_item(view.items, blocks, item, rows) if digests is None else digests
            for item, digests in zip(items, found, strict=True)
        ]

    def _look_at(self, items: Items, blocks: tuple[Block, ...]) -> None:
        there, before = self._latest or (None, ())
        same = there is items and len(before) == len(blocks)
        if not (same and all(one is other for one, other in zip(before, blocks, strict=True))):
            self._latest = (items, blocks)
            self._whole = {}

    def _of_item(
        self, items: Items, blocks: Sequence[Block], item: str, rows: dict[bytes, FeatureRow]
    ) -> bytes:
        row = items.row(item)
        if row is None:
            return b""
        digests = [self._digest(block, row, rows) for block in blocks]
        joined = b"".join(digests)
        if all(digest in self._kept for digest in digests):
            self._whole[item] = joined
        return joined

    def _digest(self, block: Block, row: int, rows: dict[bytes, FeatureRow]) -> bytes:
        before, known = self._known.get(block.name, (None, {}))
        if before is not block:
            known = {}
            self._known[block.name] = (block, known)
        digest = known.get(row)
        if digest is None or (digest not in self._kept and digest not in rows):
            made = row_of(block, row)
            digest = known[row] = made.digest
            if digest not in self._kept:
                rows[digest] = made
        return digest


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
        columns = matrix.indices[inside].astype(_INDEX, copy=False)
        numbers = matrix.data[inside].astype(_FLOAT, copy=False)
        return SPARSE + bytes(columns.tobytes()) + bytes(numbers.tobytes())
    return DENSE + bytes(matrix[row].astype(_FLOAT, copy=False).tobytes())
