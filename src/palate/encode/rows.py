"""Encoders that turn each text into a vector by itself: duplicates once, through the row cache, in any order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, ClassVar, Self, TypeAlias, final

import numpy as np

from palate import config
from palate.arrays import Floats, Longs, Mask, Rows
from palate.encode.cached import RowCache, RowTable, key_of
from palate.encode.content import chosen_fields, digest_of, texts_of
from palate.errors import BadInput
from palate.tables import Block, Catalogue, Origin

Progress: TypeAlias = Callable[[int, int], None]
"""Called with (rows done, rows in all) now and then."""

Vectors: TypeAlias = Iterator[tuple[Longs, Floats]]
"""Chunks of (places [n] in the list that was asked for, float32 [n, d])."""


class TextRows(ABC):
    """Base of encoders whose vector of a text depends on that text alone.

    Authors write `identity`, `weights`, `width` and `vectors`. Of the catalogue nothing is learnt but which
    fields hold text, where the settings do not name them.

    Attributes:
        name: Versioned name of the part.
        block_name: What its block is called when nobody says otherwise.
        settings: Its settings; among them `fields` and `layout`.
    """

    name: ClassVar[str]
    block_name: ClassVar[str]
    settings: Any
    fields_: tuple[str, ...] = ()

    @abstractmethod
    def identity(self) -> Mapping[str, Any]:
        """Everything besides the text that changes a vector, as plain values."""

    @abstractmethod
    def weights(self) -> str:
        """Digest of the weights; empty where there are none."""

    @abstractmethod
    def width(self) -> int:
        """d, the number of columns."""

    @abstractmethod
    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Encode distinct texts, chunk by chunk, in any order; a chunk is what a crash may cost."""

    @final
    def fit(self, catalogue: Catalogue, rows: Rows) -> Self:
        """Choose the fields, looking at the items `rows` alone.

        Raises:
            BadRecipe: The catalogue has no such field, or no text.
        """
        self.fields_ = chosen_fields(catalogue, self.settings.fields, rows)
        return self

    @final
    def texts(self, catalogue: Catalogue) -> list[str | None]:
        """What is encoded of each item; None for an item without text."""
        return texts_of(catalogue, self._fields(catalogue), self.settings.layout)

    @final
    def origin(self, catalogue: Catalogue, texts: Sequence[str | None]) -> Origin:
        """Where the rows of these texts come from."""
        settings = config.resolved(self.settings)
        return Origin(self.name, self._fields(catalogue), settings, self.weights(), digest_of(texts))

    @final
    def encode(self, catalogue: Catalogue) -> Block:
        """Dense float32 [n_items, d], without the row cache."""
        return encode_rows(self, catalogue)

    def _fields(self, catalogue: Catalogue) -> tuple[str, ...]:
        if self.fields_:
            return self.fields_
        return chosen_fields(catalogue, self.settings.fields, np.arange(len(catalogue), dtype=np.int32))


def encode_rows(
    part: TextRows, catalogue: Catalogue, cache: RowCache | None = None, progress: Progress | None = None
) -> Block:
    """One block, each distinct text encoded at most once.

    Args:
        part: The encoder, fitted.
        catalogue: All items.
        cache: Where rows are looked up and kept; None computes everything. The numbers are the same.
        progress: Called with (rows done, rows in all), distinct texts being the rows.
    """
    texts = part.texts(catalogue)
    matrix, present = text_matrix(part, texts, cache, progress)
    return Block(part.block_name, matrix, present, part.origin(catalogue, texts))


def text_matrix(
    part: TextRows,
    texts: Sequence[str | None],
    cache: RowCache | None = None,
    progress: Progress | None = None,
) -> tuple[Floats, Mask]:
    """float32 [n, d] and bool [n] for texts [n]; a missing text gives zeros and false."""
    place_of: dict[str, int] = {}
    index = np.fromiter(
        (-1 if t is None else place_of.setdefault(t, len(place_of)) for t in texts), np.int64, len(texts)
    )
    present = index >= 0
    matrix = _distinct_matrix(part, list(place_of), cache, progress)
    if len(matrix) < len(texts) or not present.all():
        spread = np.zeros((len(texts), part.width()), np.float32)
        spread[present] = matrix[index[present]]
        matrix = spread
    # A text that gives nothing (no token, no known word) is as absent as no text.
    return matrix, present & matrix.any(axis=1)


def _distinct_matrix(part: TextRows, texts: Sequence[str], cache: RowCache | None, progress: Progress | None) -> Floats:
    if not texts:
        return np.zeros((0, part.width()), np.float32)
    with cache.table(part.identity()) if cache is not None else nullcontext() as table:
        matrix = np.zeros((len(texts), part.width()), np.float32)
        keys = [key_of(t.encode("utf-8", "surrogatepass")) for t in texts] if table is not None else []
        missing = _fill(matrix, keys, table)
        _compute(part, texts, matrix, missing, keys, table, progress)
    return matrix


def _fill(matrix: Floats, keys: Sequence[bytes], table: RowTable | None) -> Longs:
    if table is None:
        return np.arange(len(matrix), dtype=np.int64)
    found = table.get(keys)
    missing = []
    for place, key in enumerate(keys):
        row = found.get(key)
        if row is None or len(row) != matrix.shape[1]:
            missing.append(place)
        else:
            matrix[place] = row
    return np.asarray(missing, np.int64)


def _compute(
    part: TextRows,
    texts: Sequence[str],
    matrix: Floats,
    missing: Longs,
    keys: Sequence[bytes],
    table: RowTable | None,
    progress: Progress | None,
) -> None:
    done = len(texts) - len(missing)
    if progress is not None:
        progress(done, len(texts))
    if not len(missing):
        return
    for places, vectors in part.vectors([texts[p] for p in missing]):
        rows = missing[places]
        _refuse_broken(part, vectors)
        matrix[rows] = vectors
        if table is not None:
            table.put([keys[r] for r in rows], vectors)
        done += len(rows)
        if progress is not None:
            progress(done, len(texts))


def _refuse_broken(part: TextRows, vectors: Floats) -> None:
    if not np.isfinite(vectors).all():
        raise BadInput(
            "the encoder gave numbers that are not finite; nothing of this chunk was kept",
            where=part.name,
            next_step='try precision = "f32", or another model',
        )
