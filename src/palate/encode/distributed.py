"""The chunks of an encoder over an executor: other processes, or a cluster."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar, final

import numpy as np

from palate import config
from palate.arrays import Floats, Longs, Mask, Rows
from palate.encode.content_encoder import ContentRows, Vectors
from palate.encode.row_cache import RowCache
from palate.execute import Executor
from palate.tables import Catalogue, Finding

C = TypeVar("C")

CHUNK = 1024
"""Contents of a chunk. It does not depend on the executor or on how many workers there are, and a
chunk's batches are formed by the encoder inside it, so every executor gives the same bytes."""


@final
class Spread(ContentRows[Any]):
    """An encoder whose vectors are computed elsewhere; in everything else it is the encoder itself.

    Rows are looked up and kept by this process alone. A worker builds the encoder from its settings
    and keeps it for the chunks to come, so files that settings name (a model's folder) must lie
    where the worker can read them.

    Args:
        part: The encoder, fitted or not.
        executor: Where chunks run.

    Cost: the contents travel to the workers and the vectors back; each worker loads the model once.
    """

    name = ""
    block_name = ""

    def __init__(self, part: ContentRows[Any], executor: Executor) -> None:
        self._part, self._executor = part, executor
        self.settings = part.settings
        self.columns = part.columns
        self.fields_ = part.fields_
        self.name = part.name  # type: ignore[misc]
        self.block_name = part.block_name  # type: ignore[misc]

    def identity(self) -> Mapping[str, Any]:
        """The encoder's."""
        return self._part.identity()

    def weights(self) -> str:
        """The encoder's."""
        return self._part.weights()

    def width(self) -> int:
        """The encoder's."""
        return self._part.width()

    def vectors(self, contents: Sequence[Any]) -> Vectors:
        """Encode distinct contents, a chunk at a time, in the order given."""
        kind, settings = (
            type(self._part),
            json.dumps(config.resolved(self._part.settings), sort_keys=True),
        )
        chunks = (list(contents[start : start + CHUNK]) for start in range(0, len(contents), CHUNK))
        start = 0
        for size, positions, vectors in self._executor.map(
            functools.partial(_encoded, kind, settings), chunks
        ):
            yield positions + start, vectors
            start += size

    def chosen(self, catalogue: Catalogue, rows: Rows) -> tuple[str, ...]:
        """The encoder's."""
        return self._part.chosen(catalogue, rows)

    def contents(self, catalogue: Catalogue, cache: RowCache | None = None) -> Sequence[Any]:
        """The encoder's."""
        return self._part.contents(catalogue, cache)

    def key(self, content: Any) -> bytes:
        """The encoder's."""
        return self._part.key(content)

    def findings(
        self, catalogue: Catalogue, contents: Sequence[Any], present: Mask
    ) -> tuple[Finding, ...]:
        """The encoder's."""
        return self._part.findings(catalogue, contents, present)


def spread(part: ContentRows[Any], executor: Executor | None) -> ContentRows[Any]:
    """The encoder over the executor; itself where there is none, or where it must see all contents
    at once.
    """
    return part if executor is None or not part.splits else Spread(part, executor)


def _encoded(kind: Any, settings: str, contents: Sequence[Any]) -> tuple[int, Longs, Floats]:
    """How many contents, the positions [n] of those that gave a vector, and float32 [n, d]."""
    part = _built(kind, settings)
    found: Iterator[tuple[Longs, Floats]] = part.vectors(contents)
    parts = [(np.asarray(positions, np.int64), vectors) for positions, vectors in found]
    positions = np.concatenate([np.empty(0, np.int64), *(p for p, _ in parts)])
    vectors = np.concatenate([np.empty((0, part.width()), np.float32), *(v for _, v in parts)])
    return len(contents), positions, vectors


@functools.lru_cache(maxsize=2)
def _built(kind: Any, settings: str) -> Any:
    # kept between the chunks of a worker: loading a model takes longer than most chunks
    return kind(config.parse(kind.Settings, json.loads(settings)))
