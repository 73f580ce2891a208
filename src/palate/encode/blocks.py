"""From a part and a catalogue to one fitted block: build, fit on training items, encode, transform,
say where it came from.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from palate.arrays import Rows
from palate.encode.attributes.records import CachesRecords
from palate.encode.content_encoder import ContentRows, Progress, encode_rows
from palate.encode.distributed import spread
from palate.encode.fitted import Encoded, FittedBlock, FittedParts
from palate.encode.row_cache import RowCache
from palate.execute import Executor
from palate.stages import BlockTransform, Encoder, Tunable
from palate.tables import Block, Catalogue

T_co = TypeVar("T_co", covariant=True)
"""What a part is, by its stage."""


class Buildable(Protocol[T_co]):
    """A part's name and settings, not yet built; `palate.registry.PartSpec` is one."""

    def build(self) -> T_co:
        """The part itself."""
        ...


def encode_block(  # noqa: PLR0913 - the last three are options
    name: str,
    encoder: Buildable[Encoder],
    transforms: Sequence[Buildable[BlockTransform]],
    catalogue: Catalogue,
    train_rows: Rows,
    *,
    progress: Progress | None = None,
    cache: RowCache | bool = True,
    executor: Executor | None = None,
) -> FittedBlock:
    """Make one block of item features.

    Args:
        name: Name of the block in the feature table, e.g. `"text.minilm"`.
        encoder: The encoder's name and settings.
        transforms: Geometry steps, applied in this order, each fitted on the training items.
        catalogue: All items.
        train_rows: int32 [n], items that the training part knows; nothing is learnt from any other.
        progress: Called with (rows done, rows in all) now and then.
        cache: Where encoders of single rows keep them: a cache, the user's one, or none. The
            numbers are the same.
        executor: Where encoders of single rows compute their chunks; None: here. The numbers are
            the same.

    Returns:
        The block, float32 [n_items, d], with its whole origin and the seconds it took, and the
        fitted parts that made it.
    """
    start = time.perf_counter()
    part = _with_cache(encoder.build(), cache, progress)
    part.fit(catalogue, train_rows)
    block = _encoded(part, catalogue, cache, executor, progress)
    block, fitted = transformed(block, transforms, train_rows)
    block = replace(block, name=name, seconds=time.perf_counter() - start)
    reader = part if isinstance(part, Tunable) else None
    return FittedBlock.of(block, catalogue, FittedParts(Encoded(part), fitted), reader, cache)


def transformed(
    block: Block, transforms: Sequence[Buildable[BlockTransform]], train_rows: Rows
) -> tuple[Block, tuple[BlockTransform, ...]]:
    """The block after geometry steps, each fitted on what the one before it gave; and the steps.

    Args:
        block: As it was encoded.
        transforms: The steps' names and settings, in order.
        train_rows: int32 [n], items that the training part knows.
    """
    fitted: list[BlockTransform] = []
    for step in transforms:
        transform = step.build()
        block = transform.fit(block, train_rows).transform(block)
        fitted.append(transform)
    return block, tuple(fitted)


def _with_cache(part: Encoder, cache: RowCache | bool, progress: Progress | None) -> Encoder:
    if isinstance(part, CachesRecords):
        return part.keep_in(RowCache() if cache is True else cache or None, progress)
    return part


def _encoded(
    part: Encoder,
    catalogue: Catalogue,
    cache: RowCache | bool,
    executor: Executor | None,
    progress: Progress | None,
) -> Block:
    if isinstance(part, ContentRows):
        rows = RowCache() if cache is True else cache or None
        return encode_rows(spread(part, executor), catalogue, rows, progress)
    block = part.encode(catalogue)
    if progress is not None:
        progress(len(catalogue), len(catalogue))
    return block
