"""Encoders that turn each text, picture or sound into a vector by itself: duplicates once, through
the row cache.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, ClassVar, Generic, Self, TypeAlias, TypeVar, final

import numpy as np

from palate import config
from palate.arrays import Floats, Longs, Mask, Rows
from palate.capabilities import ReadsFields
from palate.encode.content import chosen_fields, digest_of_bytes, texts_of
from palate.encode.row_cache import RowCache, RowTable, key_of
from palate.errors import BadInput
from palate.part_state import PartState, fitted, state_of
from palate.store import Artefact, digest
from palate.tables import Block, Catalogue, Finding, Origin

C = TypeVar("C", bound=Hashable)

Progress: TypeAlias = Callable[[int, int], None]
"""Called with (rows done, rows in all) now and then."""

Vectors: TypeAlias = Iterator[tuple[Longs, Floats]]
"""Chunks of (places [n] in the requested list, float32 [n, d])."""


class ContentRows(ABC, Generic[C], ReadsFields):
    """Base of encoders whose vector of a content (a text, a picture, a sound) depends on that
    content alone.

    A subclass for one kind of content writes `chosen`, `contents`, `key` and `findings`; the
    encoder itself writes `identity`, `weights`, `width` and `vectors`. Of the catalogue nothing is
    learnt but which fields hold the content, where the settings do not name them. Contents are
    hashable, and equal ones are encoded once.

    Attributes:
        name: Versioned name of the part.
        block_name: What its block is called unless given otherwise.
        splits: Whether contents may be encoded by several workers at a time; not where one budget
            holds for all.
        settings: Its settings; among them `fields`.
        columns: Names of the d columns; empty where they have none.
        local: Settings, and entries of `identity`, that say where weights lie or how they are run
            on this machine: they may differ where a state is loaded.
    """

    name: ClassVar[str]
    block_name: ClassVar[str]
    splits: ClassVar[bool] = True
    local: ClassVar[tuple[str, ...]] = ()
    settings: Any
    columns: tuple[str, ...] = ()
    fields_: tuple[str, ...] = ()

    @abstractmethod
    def identity(self) -> Mapping[str, Any]:
        """Everything besides the content that changes a vector, as plain values."""

    @abstractmethod
    def weights(self) -> str:
        """Digest of the weights; empty where there are none."""

    @abstractmethod
    def width(self) -> int:
        """d, the number of columns."""

    @abstractmethod
    def vectors(self, contents: Sequence[C]) -> Vectors:
        """Encode distinct contents, chunk by chunk, in any order; a chunk is what a crash may cost.

        A place that no chunk names is absent, and is tried again next time.
        """

    @abstractmethod
    def chosen(self, catalogue: Catalogue, rows: Rows) -> tuple[str, ...]:
        """The fields to read: those that are named, or those that hold such content among the items
        `rows`.
        """

    @abstractmethod
    def contents(self, catalogue: Catalogue, cache: RowCache | None = None) -> Sequence[C | None]:
        """What is encoded of each item; None for an item without it.

        Args:
            catalogue: The items.
            cache: May remember what is costly to find out; the answer is the same.
        """

    @abstractmethod
    def key(self, content: C) -> bytes:
        """Bytes that tell this content from every other."""

    @abstractmethod
    def findings(
        self, catalogue: Catalogue, contents: Sequence[C | None], present: Mask
    ) -> tuple[Finding, ...]:
        """What a person should know about the items that ended absent."""

    @final
    def fit(self, catalogue: Catalogue, rows: Rows) -> Self:
        """Choose the fields, looking at the items `rows` alone.

        Raises:
            BadRecipe: The catalogue has no such field, or none with such content.
        """
        self.fields_ = self.chosen(catalogue, rows)
        return self

    @final
    def state(self) -> Artefact:
        """The chosen fields, and digests of the weights and of all else that changes a vector.

        Raises:
            Refused: The encoder has not been fitted.
        """
        facts = {
            "fields": list(fitted(self, "fields_")),
            "weights": self.weights(),
            "identity": self._identity(),
        }
        return state_of(self, facts=facts, elsewhere=("fields", *self.local))

    @final
    def load(self, state: Artefact) -> Self:
        """Take up the chosen fields, instead of `fit`.

        Raises:
            BadInput: It is the state of another part or other settings, or the weights at hand are
                not those that it was fitted with.
        """
        kept = PartState.of(self, state)
        if kept.fact("weights", str) != self.weights():
            raise BadInput(
                "the weights at hand are not those that this encoder was fitted with, so its"
                " vectors would mean something else",
                where=self.name,
                allowed=f"weights with the digest {kept.fact('weights', str)[:16]}",
                next_step="give the model back its weights, or fit again with these",
            )
        if kept.fact("identity", str) != self._identity():
            raise BadInput(
                "the model's folder or the settings now say otherwise how vectors are made"
                " (tokens, pooling, preparation)",
                where=self.name,
                allowed="what was in force when the encoder was fitted",
                next_step="give the model back its files, or fit again with these",
            )
        self.fields_ = kept.fact("fields", tuple[str, ...])
        return self

    @final
    def origin(self, catalogue: Catalogue, contents: Sequence[C | None]) -> Origin:
        """Where the rows of these contents come from."""
        data = digest_of_bytes(None if c is None else self.key(c) for c in contents)
        return Origin(
            self.name,
            self.fields_read(catalogue),
            config.resolved(self.settings),
            self.weights(),
            data,
        )

    @final
    def encode(self, catalogue: Catalogue) -> Block:
        """Dense float32 [n_items, d], without the row cache."""
        return encode_rows(self, catalogue)

    def _identity(self) -> str:
        return digest({k: v for k, v in self.identity().items() if k not in self.local})

    @final
    def fields_read(self, catalogue: Catalogue) -> tuple[str, ...]:
        """The fields chosen by `fit`, or, unfitted, those that all items together suggest."""
        return self.fields_ or self.chosen(catalogue, np.arange(len(catalogue), dtype=np.int32))


class TextRows(ContentRows[str]):
    """Base of encoders of texts; see `ContentRows`. Their settings have `fields` and `layout`."""

    @final
    def chosen(self, catalogue: Catalogue, rows: Rows) -> tuple[str, ...]:
        """The named fields, or every field that holds text."""
        return chosen_fields(catalogue, self.settings.fields, rows)

    @final
    def contents(self, catalogue: Catalogue, cache: RowCache | None = None) -> list[str | None]:
        """What is encoded of each item; None for an item without text."""
        return texts_of(catalogue, self.fields_read(catalogue), self.settings.layout)

    @final
    def key(self, content: str) -> bytes:
        """The text's own bytes."""
        return content.encode("utf-8", "surrogatepass")

    @final
    def findings(
        self, catalogue: Catalogue, contents: Sequence[str | None], present: Mask
    ) -> tuple[Finding, ...]:
        """None: the checks of the data speak about texts."""
        return ()


def encode_rows(
    part: ContentRows[C],
    catalogue: Catalogue,
    cache: RowCache | None = None,
    progress: Progress | None = None,
) -> Block:
    """One block, each distinct content encoded at most once.

    Args:
        part: The encoder, fitted.
        catalogue: All items.
        cache: Where rows are looked up and kept; None computes everything. The numbers are the
            same.
        progress: Called with (rows done, rows in all), distinct contents being the rows.
    """
    contents = part.contents(catalogue, cache)
    matrix, present = content_matrix(part, contents, cache, progress)
    findings = part.findings(catalogue, contents, present)
    origin = part.origin(catalogue, contents)
    return Block(part.block_name, matrix, present, origin, part.columns, findings=findings)


def text_matrix(
    part: ContentRows[str],
    texts: Sequence[str | None],
    cache: RowCache | None = None,
    progress: Progress | None = None,
) -> tuple[Floats, Mask]:
    """float32 [n, d] and bool [n] for texts [n]; a missing text gives zeros and false."""
    return content_matrix(part, texts, cache, progress)


def content_matrix(
    part: ContentRows[C],
    contents: Sequence[C | None],
    cache: RowCache | None = None,
    progress: Progress | None = None,
) -> tuple[Floats, Mask]:
    """float32 [n, d] and bool [n] for contents [n]; a missing one, and one that cannot be used,
    gives zeros and false.

    Args:
        part: The encoder.
        contents: Of any iterable kind that the encoder takes; None for an item without.
        cache: Where rows are looked up and kept.
        progress: Called with (rows done, rows in all).
    """
    place_of: dict[C, int] = {}
    index = np.fromiter(
        (-1 if c is None else place_of.setdefault(c, len(place_of)) for c in contents),
        np.int64,
        len(contents),
    )
    present = index >= 0
    matrix = _distinct_matrix(part, list(place_of), cache, progress)
    if len(matrix) < len(contents) or not present.all():
        spread = np.zeros((len(contents), part.width()), np.float32)
        spread[present] = matrix[index[present]]
        matrix = spread
    # A text that gives nothing (no token, no known word) is as absent as no text; so is a picture
    # that is none.
    return matrix, present & matrix.any(axis=1)


def _distinct_matrix(
    part: ContentRows[C], contents: Sequence[C], cache: RowCache | None, progress: Progress | None
) -> Floats:
    if not contents:
        return np.zeros((0, part.width()), np.float32)
    with cache.table(part.identity()) if cache is not None else nullcontext() as table:
        matrix = np.zeros((len(contents), part.width()), np.float32)
        keys = [key_of(part.key(c)) for c in contents] if table is not None else []
        missing = _fill(matrix, keys, table)
        _compute(part, contents, matrix, missing, keys, table, progress)
    return matrix


def _fill(matrix: Floats, keys: Sequence[bytes], table: RowTable[Floats] | None) -> Longs:
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
    part: ContentRows[C],
    contents: Sequence[C],
    matrix: Floats,
    missing: Longs,
    keys: Sequence[bytes],
    table: RowTable[Floats] | None,
    progress: Progress | None,
) -> None:
    done = len(contents) - len(missing)
    if progress is not None:
        progress(done, len(contents))
    if not len(missing):
        return
    started, size = time.perf_counter(), 0
    for positions, vectors in part.vectors([contents[p] for p in missing]):
        rows = missing[positions]
        _refuse_broken(part, vectors)
        matrix[rows] = vectors
        if table is not None:
            table.put([keys[r] for r in rows], vectors)
            size += sum(len(part.key(contents[r])) for r in rows)
        done += len(rows)
        if progress is not None:
            progress(done, len(contents))
    if table is not None:
        table.note_throughput(size, time.perf_counter() - started)
    if progress is not None and done < len(contents):
        progress(len(contents), len(contents))


def _refuse_broken(part: ContentRows[Any], vectors: Floats) -> None:
    if not np.isfinite(vectors).all():
        raise BadInput(
            "the encoder gave numbers that are not finite; nothing of this chunk was kept",
            where=part.name,
            next_step='try precision = "f32", or another model',
        )
