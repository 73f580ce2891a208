"""The space of a block: its rows, and the encoder and geometry that put further texts among
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from palate.arrays import Floats, Longs, Mask, Rows, dense
from palate.encode.blocks import Buildable
from palate.encode.content import texts_of
from palate.encode.content_encoder import TextRows, text_matrix
from palate.encode.row_cache import RowCache
from palate.encode.text.tfidf import Tfidf
from palate.encode.text.transformer import Transformer
from palate.errors import Refused
from palate.stages import BlockTransform
from palate.tables import Block, Catalogue, Vocabulary


class Space:
    """A block that was made by an encoder and transforms, which are fitted again, as they were,
    when a text comes.

    Args:
        block: The finished block.
        encoder: The encoder that made it; None where texts cannot be put among its rows (a fused or
            tuned block).
        transforms: Its geometry, in order.
        catalogue: All items.
        rows: int32, items of the training part; encoder and geometry learn from these alone, as
            they did.
        cache: Where rows of texts are looked up and kept: a cache, the user's one, or none.

    Cost: the encoder is built and fitted once, on first use; rows of the items come from the cache.
    """

    def __init__(
        self,
        block: Block,
        encoder: Buildable | None,
        transforms: Sequence[Buildable],
        catalogue: Catalogue,
        rows: Rows,
        cache: RowCache | bool = True,
    ) -> None:
        self.block = block
        self._encoder = encoder
        self._specs = tuple(transforms)
        self._catalogue = catalogue
        self._rows = rows
        self._cache = RowCache() if cache is True else cache or None

    def texts(self) -> list[str | None]:
        """What was encoded of each item; None for an item without.

        Raises:
            Refused: The block is not of texts.
        """
        return texts_of(self._catalogue, self._part.fields_, self._part.settings.layout)

    def encode(self, texts: Sequence[str | None]) -> tuple[Floats, Mask]:
        """float32 [n, d] and bool [n], equal texts encoded once.

        Raises:
            Refused: The block is not of texts.
        """
        block = self._encoded(texts)
        for transform in self._transforms:
            block = transform.transform(block)
        return dense(block.matrix), block.present

    def count(self, texts: Sequence[str]) -> Longs:
        """int64 [n], tokens of each text; words where the encoder has no tokens.

        Raises:
            Refused: The block is not of texts.
        """
        if isinstance(self._part, Transformer):
            return self._part.tokeniser([self._part.prompt + t for t in texts]).text_lengths()
        return np.fromiter((len(t.split()) for t in texts), np.int64, len(texts))

    def limit(self) -> int | None:
        """Most tokens of a text that are encoded whole; None: any number."""
        # A text of exactly as many tokens as the model takes may have been cut off; one fewer never
        # was.
        return self._part.max_tokens - 1 if isinstance(self._part, Transformer) else None

    @cached_property
    def _part(self) -> TextRows | Tfidf:
        part = self._encoder.build() if self._encoder is not None else None
        if not isinstance(part, TextRows | Tfidf):
            raise Refused(
                f'texts cannot be put into the space of the block "{self.block.name}": it is not'
                " made of texts alone",
                where="users",
                next_step=(
                    "name a block of texts, not tuned, adapted or fused; or use behaviour.pooled.v1"
                ),
            )
        return part.fit(self._catalogue, self._rows)

    @cached_property
    def _transforms(self) -> list[BlockTransform]:
        block = self._encoded(self.texts()) if self._specs else self.block
        fitted: list[BlockTransform] = []
        for spec in self._specs:
            transform: Any = spec.build()
            fitted.append(transform.fit(block, self._rows))
            block = fitted[-1].transform(block)
        return fitted

    def _encoded(self, texts: Sequence[str | None]) -> Block:
        part = self._part
        if isinstance(part, TextRows):
            matrix, present = text_matrix(part, texts, self._cache)
            return Block(self.block.name, matrix, present, self.block.origin)
        first, *others = part.fields_
        fields = {
            first: pl.Series(texts, dtype=pl.String),
            **{f: [None] * len(texts) for f in others},
        }
        return part.encode(
            Catalogue(Vocabulary(tuple(map(str, range(len(texts))))), pl.DataFrame(fields))
        )
