"""A block together with the fitted parts that made it: whatever comes later, a text, a picture, a
new item, is put among its rows without fitting anything again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from palate.arrays import Floats, Longs, Mask, dense
from palate.capabilities import Knowledge, KnowsUntil, TellsTables
from palate.encode.attributes.llm import LlmAttributes
from palate.encode.attributes.records import CachesRecords
from palate.encode.content import texts_of
from palate.encode.content_encoder import ContentRows, TextRows, content_matrix, encode_rows
from palate.encode.row_cache import RowCache
from palate.encode.text.tfidf import Tfidf
from palate.encode.text.transformer import Transformer
from palate.encode.text_source import BlockTexts
from palate.encode.tuned import Tuning
from palate.errors import Refused
from palate.stages import Adapter, BlockTransform, Encoder, Fuser, Tunable
from palate.tables import Block, Catalogue, Vocabulary

Reader: TypeAlias = Callable[[], Tunable]
"""Gives the fitted encoder whose language model a block is of, as it was before any tuning."""


@dataclass(frozen=True, eq=False)
class Encoded:
    """Rows that an encoder makes of the items' content.

    Attributes:
        encoder: Fitted, with its tuned weights.
        tuning: What tuners did to it, for the origin of its rows.
    """

    encoder: Encoder
    tuning: Tuning = field(default_factory=Tuning)

    def rows(self, name: str, catalogue: Catalogue, cache: RowCache | None) -> Block:
        """The rows of any catalogue with the same fields."""
        part: Any = self.encoder
        if isinstance(part, CachesRecords):
            part = part.keep_in(cache)
        content = isinstance(part, ContentRows)
        block = encode_rows(part, catalogue, cache) if content else part.encode(catalogue)
        return replace(block, name=name, origin=self.tuning.origin(block.origin))


@dataclass(frozen=True, eq=False)
class FusedOf:
    """Rows that a fuser makes of other blocks.

    Attributes:
        fuser: Fitted.
        sources: The blocks that it fuses, in the order that it was fitted with.
    """

    fuser: Fuser
    sources: Mapping[str, FittedBlock]

    def rows(self, name: str, catalogue: Catalogue, cache: RowCache | None) -> Block:
        """The rows of the catalogue that it was fitted on, or of that with new items behind."""
        below = {n: source.extend(catalogue) for n, source in self.sources.items()}
        return replace(self.fuser.fuse(below), name=name)


@dataclass(frozen=True, eq=False)
class FittedParts:
    """Everything that was fitted to make a block, in the order in which it works.

    Attributes:
        start: Makes the first rows, of content or of other blocks.
        transforms: The geometry.
        adapters: What learnt from behaviour.
    """

    start: Encoded | FusedOf
    transforms: tuple[BlockTransform, ...] = ()
    adapters: tuple[Adapter, ...] = ()

    def after_start(self, block: Block) -> Block:
        """The block after geometry and adapters."""
        for step in self.transforms:
            block = step.transform(block)
        for adapter in self.adapters:
            block = adapter.transform(block)
        return block

    def text_encoder(self, block: str) -> TextRows | Tfidf:
        """The encoder, if rows are made of one text each.

        Raises:
            Refused: They are made of something else.
        """
        part = self.start.encoder if isinstance(self.start, Encoded) else None
        if not isinstance(part, TextRows | Tfidf):
            raise Refused(
                f'texts cannot be put into the space of the block "{block}": it is not made of'
                " texts alone",
                where=f"blocks.{block}",
                next_step=(
                    "name a block of texts, neither fused nor distilled; or use behaviour.pooled.v1"
                ),
            )
        return part

    def text_reader(self, block: str) -> TextRows | Tfidf | LlmAttributes:
        """As `text_encoder`, or attributes of one text each: to whom a text may cost money, so that
        no one puts texts to it for a look.

        Raises:
            Refused: Rows are made of something else.
        """
        part = self.start.encoder if isinstance(self.start, Encoded) else None
        return part if isinstance(part, LlmAttributes) else self.text_encoder(block)


@dataclass(frozen=True, eq=False)
class FittedBlock:
    """A block, and what puts more content into the space of its rows (`palate.stages.ItemSpace`).

    Attributes:
        block: The finished rows.
        catalogue: The items that they are of.
        held: Gives the fitted parts. Those of a run are read from it on the first call, so that a
            block can be used where the weights of its encoder are not at hand.
        reader: Gives the encoder whose language model it is of; None where there is no such model.
        cache: Where rows of single contents are looked up and kept: a cache, the user's one, or
            none. The numbers are the same.
    """

    block: Block
    catalogue: Catalogue
    held: Callable[[], FittedParts]
    reader: Reader | None = None
    cache: RowCache | bool = field(default=True, repr=False)

    @classmethod
    def of(
        cls,
        block: Block,
        catalogue: Catalogue,
        parts: FittedParts,
        reader: Tunable | None = None,
        cache: RowCache | bool = True,
    ) -> FittedBlock:
        """A block with parts that are in memory."""
        first = None if reader is None else partial(_itself_tunable, reader)
        return cls(block, catalogue, partial(_itself, parts), first, cache)

    @cached_property
    def parts(self) -> FittedParts:
        """The fitted parts."""
        return self.held()

    def texts(self) -> list[str | None]:
        """What was encoded of each item; None for an item without.

        Raises:
            Refused: The block is not of texts.
        """
        part = self.parts.text_reader(self.block.name)
        return texts_of(self.catalogue, part.fields_, part.settings.layout)

    def encode(self, contents: Sequence[Any]) -> tuple[Floats, Mask]:
        """float32 [n, d] and bool [n]: contents among the items' rows, equal ones encoded once.

        Args:
            contents: Texts, or for blocks of pictures and sounds what
                `palate.encode.content_encoder.ContentRows.contents` gives; None for a missing one.

        Raises:
            Refused: A row of the block is not made of a single content: see `extend`.
        """
        block = self.parts.after_start(self._single(contents))
        return dense(block.matrix), block.present

    def extend(self, catalogue: Catalogue) -> Block:
        """The rows of a catalogue that grew, or of any other with the same fields.

        For a block that is fused the items of `fit` come first, new ones behind them.

        Args:
            catalogue: Its items; the rows of those that were known are the same as before.
        """
        start = self.parts.start.rows(self.block.name, catalogue, self._rows_cache())
        return replace(self.parts.after_start(start), name=self.block.name)

    def tables(self) -> Mapping[str, pl.DataFrame]:
        """What its encoder tells of the items, for people; empty where it tells nothing."""
        start = self.parts.start
        encoder = start.encoder if isinstance(start, Encoded) else None
        return encoder.tables(self.catalogue) if isinstance(encoder, TellsTables) else {}

    def knowledge(self) -> Knowledge | None:
        """What a language model behind it may have read; None where there is none that says so."""
        start = self.parts.start
        encoder = start.encoder if isinstance(start, Encoded) else None
        return encoder.knowledge() if isinstance(encoder, KnowsUntil) else None

    def count(self, texts: Sequence[str]) -> Longs:
        """int64 [n], tokens of each text; words where the encoder has no tokens.

        Raises:
            Refused: The block is not of texts.
        """
        part = self.parts.text_reader(self.block.name)
        if isinstance(part, Transformer):
            return part.tokeniser([part.prompt + t for t in texts]).text_lengths()
        return np.fromiter((len(t.split()) for t in texts), np.int64, len(texts))

    def limit(self) -> int | None:
        """Most tokens of a text that are encoded whole; None: any number."""
        part = self.parts.text_reader(self.block.name)
        # A text of exactly as many tokens as the model takes may have been cut off; one fewer never
        # was.
        return part.max_tokens - 1 if isinstance(part, Transformer) else None

    def source(self) -> BlockTexts | None:
        """Texts and language model, for models that read themselves; None where there is no model.

        What a tuner of the block made of the language model is not in it.
        """
        return None if self.reader is None else BlockTexts(self.reader, self.catalogue)

    def _single(self, contents: Sequence[Any]) -> Block:
        start = self.parts.start
        part: Any = start.encoder if isinstance(start, Encoded) else None
        if isinstance(part, ContentRows):
            matrix, present = content_matrix(part, contents, self._rows_cache())
            return Block(self.block.name, matrix, present, self.block.origin)
        # Counted words, answers: the text stands in the first field, as if the others were empty.
        first, *others = self.parts.text_reader(self.block.name).fields_
        fields = {
            first: pl.Series(contents, dtype=pl.String),
            **{f: [None] * len(contents) for f in others},
        }
        names = Vocabulary(tuple(map(str, range(len(contents)))))
        if isinstance(part, CachesRecords):
            part = part.keep_in(self._rows_cache())
        found: Block = part.encode(Catalogue(names, pl.DataFrame(fields)))
        return replace(found, name=self.block.name)

    def _rows_cache(self) -> RowCache | None:
        return RowCache() if self.cache is True else self.cache or None


def _itself(parts: FittedParts) -> FittedParts:
    return parts


def _itself_tunable(reader: Tunable) -> Tunable:
    return reader
