"""A block that learns from behaviour: its language model is tuned, or its vectors are adapted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from palate.encode.blocks import Buildable, encode_block
from palate.encode.content_encoder import Progress
from palate.encode.fitted import Encoded, FittedBlock, FittedParts
from palate.encode.row_cache import RowCache
from palate.encode.tuned import Named, tuned
from palate.stages import Adapter, BlockTransform, Encoder, FitContext, Tunable, Tuner
from palate.tables import Block, Catalogue, Training


@dataclass(frozen=True)
class Learning:
    """What a block learns from behaviour.

    Attributes:
        training: The training part and the validation cases; no test part is in it.
        context: What else the tuners and adapters get: a seed, and who watches.
        tuners: Train the language model before anything is encoded, in this order.
        adapters: Change the block after its geometry steps, in this order.
        before_adapters: Done to the block before the adapters see it; a control puts random vectors
            here.
    """

    training: Training
    context: FitContext = field(default_factory=FitContext)
    tuners: Sequence[Named[Tuner]] = ()
    adapters: Sequence[Buildable[Adapter]] = ()
    before_adapters: Callable[[Block], Block] | None = None


def learnt_block(
    name: str,
    encoder: Named[Encoder],
    transforms: Sequence[Buildable[BlockTransform]],
    catalogue: Catalogue,
    learning: Learning,
    *,
    progress: Progress | None = None,
    cache: RowCache | bool = True,
) -> FittedBlock:
    """Make one block: tune, encode, transform, adapt.

    For a block of content alone use `palate.encode.blocks.encode_block`, which cannot see
    behaviour.

    Args:
        name: Name of the block in the feature table.
        encoder: The encoder's name and settings.
        transforms: Geometry steps, applied in this order, each fitted on the training items.
        catalogue: All items.
        learning: Behaviour, and the tuners and adapters that learn from it.
        progress: Called with (rows done, rows in all) now and then.
        cache: Where encoders of single rows keep them: a cache, the user's one, or none.

    Returns:
        The block, float32 [n_items, d], with its whole origin and the seconds that all of it took,
        and the fitted parts that made it.
    """
    start = time.perf_counter()
    rows = np.unique(learning.training.log.item).astype(np.int32)
    made = tuned(encoder, learning.tuners, catalogue, rows, learning.training, learning.context)
    plain = encode_block(name, made, transforms, catalogue, rows, progress=progress, cache=cache)
    block = replace(plain.block, origin=made.tuning.origin(plain.block.origin))
    block, adapters = adapted(block, learning)
    block = replace(block, name=name, seconds=time.perf_counter() - start)
    start_of = Encoded(made.encoder, made.tuning)
    parts = FittedParts(start_of, plain.parts.transforms, adapters)
    reader = made.reader or (made.encoder if isinstance(made.encoder, Tunable) else None)
    return FittedBlock.of(block, catalogue, parts, reader, cache)


def adapted(block: Block, learning: Learning) -> tuple[Block, tuple[Adapter, ...]]:
    """The block after the adapters of `learning`, each fitted on what the one before it gave; and
    the adapters.
    """
    fitted: list[Adapter] = []
    if learning.before_adapters is not None:
        block = learning.before_adapters(block)
    for step in learning.adapters:
        adapter = step.build()
        block = adapter.fit(block, learning.training, learning.context).transform(block)
        fitted.append(adapter)
    return block, tuple(fitted)
