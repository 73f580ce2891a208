"""Texts as a language model understands them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self, final

import numpy as np
from annotated_types import Ge

from palate.arrays import Floats, Longs, l2_normalised
from palate.capabilities import NamesModel
from palate.encode.content import Layout, texts_of
from palate.encode.content_encoder import TextRows, Vectors
from palate.encode.text.engines import (
    CONVERSIONS,
    Backend,
    Choice,
    Engine,
    Precision,
    choose,
    engine,
)
from palate.encode.text.tokens import PAD_TO, LongTexts, Pieces, Tokeniser, batches, chunks
from palate.encode.text.trainable import TrainableTransformer
from palate.encode.text.weights import ModelFolder, Pooling, find
from palate.errors import BadRecipe
from palate.part_state import fitted
from palate.tables import Catalogue

CHUNK_TOKENS = 4096
"""Tokens between two commits to the row cache: what a crash may cost."""


@dataclass(frozen=True)
class TransformerSettings:
    """Settings of `text.transformer.v1`."""

    model: str = "all-MiniLM-L6-v2"
    """A folder, or a name on the Hugging Face hub; without "/" it is one of
    sentence-transformers."""

    revision: str | None = None
    """Branch, tag or commit on the hub; by default the newest that is in the hub's cache."""

    fields: tuple[str, ...] = ()
    """Fields of the catalogue to read; none means every text field."""

    layout: Layout = "joined"
    """`"joined"`: the texts one after the other; `"named"`: each after its field's name."""

    pooling: Pooling | None = None
    """How tokens become one vector; by default what the model's folder says, else the mean."""

    prompt: str | None = None
    """Put before every text; by default what the model's folder says, else nothing."""

    max_tokens: Annotated[int, Ge(4)] | None = None
    """Longest text in tokens, special ones included; by default what the model's folder says."""

    long_texts: LongTexts = "truncate"
    """Cut longer texts off, or encode them in pieces and average the pieces by their lengths."""

    normalise: bool | None = None
    """Scale every vector to length one; by default what the model's folder says."""

    backend: Backend = "auto"
    """`"openvino"`, `"onnx"` or `"torch"`; by default torch on a GPU, else the first of the three
    that is installed."""

    precision: Precision = "auto"
    """Numbers inside the model; by default bf16 where the hardware multiplies it natively, else
    f32; `"int8"` (not with torch) is the quickest and moves a vector by a cosine of about .999."""

    batch_tokens: Annotated[int, Ge(8)] = 1024
    """Tokens of a batch, padding included; changes the speed and the memory, never the numbers on a
    CPU."""


@final
class Transformer(TextRows, NamesModel):
    """Vectors of a Hugging Face language model: BERT, GPT and T5 families, sentence-transformers
    folders as they are.

    Made for prose; for product titles see `text.tfidf.v1` too. Nothing is learnt from the
    catalogue, equal texts are encoded once, and a vector does not depend on the texts that share
    its batch. Weights load when they are first needed. An item without text is absent.

    Args:
        settings: See `TransformerSettings`.

    Cost: of all-MiniLM-L6-v2 21 MFLOP a token: about 20,000 tokens a second on two cores that
    multiply bf16 natively; memory is that of the weights and one batch.

    Paper: N. Reimers and I. Gurevych, Sentence-BERT, EMNLP 2019.
    """

    Settings = TransformerSettings
    name: ClassVar[str] = "text.transformer.v1"
    block_name: ClassVar[str] = "text.transformer"
    local: ClassVar[tuple[str, ...]] = (
        "model",
        "revision",
        "batch_tokens",
        "backend",
        "conversion",
        "precision",
        "device",
        "pad_to",
    )

    def __init__(self, settings: TransformerSettings = TransformerSettings()) -> None:
        self.settings = settings

    @classmethod
    def model_of(cls, settings: TransformerSettings) -> str:
        """The folder, or the name on the hub."""
        return settings.model

    def identity(self) -> Mapping[str, Any]:
        """Weights, tokeniser and every setting that changes a vector, each as it is in force
        here.
        """
        return {
            "part": self.name,
            "weights": self.folder.weights,
            "tokeniser": self.folder.tokeniser,
            "pooling": self.pooling,
            "prompt": self.prompt,
            "normalise": self.normalise,
            "max_tokens": self.max_tokens,
            "long_texts": self.settings.long_texts,
            "backend": self.choice.backend,
            "conversion": CONVERSIONS[self.choice.backend],
            "precision": self.choice.precision,
            "device": self.choice.device,
            "pad_to": PAD_TO,
        }

    def weights(self) -> str:
        """Digest of the model's weights."""
        return self.folder.weights

    def width(self) -> int:
        """d, the number of columns."""
        return self.folder.width

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Encode texts, longest first, in chunks of `CHUNK_TOKENS` tokens."""
        pieces = self.tokeniser([self.prompt + t for t in texts])
        for positions in chunks(pieces.text_lengths(), CHUNK_TOKENS):
            yield positions, self._chunk(pieces, positions)

    def texts(self, catalogue: Catalogue) -> list[str | None]:
        """The chosen fields of each item as one text."""
        return texts_of(catalogue, fitted(self, "fields_"), self.settings.layout)

    def language_model(self) -> TrainableTransformer:
        """A copy of the model in fp32 that may be trained."""
        return TrainableTransformer(self.folder, self.pooling, self.tokeniser, self.prompt)

    def with_model(self, folder: Path) -> Self:
        """The same encoder, unfitted, with the model of `folder`: its cache key follows the new
        weights' digest.
        """
        return type(self)(replace(self.settings, model=str(folder), revision=None))

    def save_model(self, folder: Path) -> None:
        """Copy the model's files, byte for byte, into a folder that `with_model` takes up."""
        self.folder.copy(folder)

    def count_tokens(self, contents: Sequence[str]) -> int:
        """Tokens of the texts, prompt and special tokens included."""
        return int(self.tokeniser([self.prompt + t for t in contents]).text_lengths().sum())

    def price_per_token(self) -> None:
        """Nothing but time."""

    @cached_property
    def folder(self) -> ModelFolder:
        """Where the model lies."""
        return find(self.settings.model, self.settings.revision)

    @cached_property
    def choice(self) -> Choice:
        """What runs it here."""
        return choose(self.settings.backend, self.settings.precision)

    @cached_property
    def tokeniser(self) -> Tokeniser:
        """Its tokeniser."""
        return Tokeniser(self.folder, self.max_tokens, self.settings.long_texts)

    @cached_property
    def engine(self) -> Engine:
        """The model itself, loaded on first use."""
        return engine(self.choice, self.folder, self.pooling)

    @property
    def pooling(self) -> Pooling:
        """The pooling in force."""
        return self.settings.pooling or self.folder.pooling or "mean"

    @property
    def max_tokens(self) -> int:
        """Longest piece in tokens, special ones included.

        Raises:
            BadRecipe: The model cannot take so many.
        """
        limit, wanted = self.folder.token_limit, self.settings.max_tokens
        if wanted is not None and wanted > limit:
            raise BadRecipe(
                f"{wanted} tokens are more than this model can take",
                where="max_tokens",
                allowed=f"up to {limit}",
                next_step='write long_texts = "chunk" to keep the whole of long texts',
            )
        return wanted or min(self.folder.max_tokens or limit, limit)

    @property
    def prompt(self) -> str:
        """The prompt in force."""
        return self.folder.prompt if self.settings.prompt is None else self.settings.prompt

    @property
    def normalise(self) -> bool:
        """Whether vectors are scaled to length one."""
        return self.folder.normalise if self.settings.normalise is None else self.settings.normalise

    def _chunk(self, pieces: Pieces, texts: Longs) -> Floats:
        """float32 [n, d] of some texts: the mean of each text's pieces, weighted by their
        lengths.
        """
        chosen, place = pieces.of_texts(texts)
        lengths = pieces.tokens.lengths()[chosen]
        vectors = np.zeros((len(chosen), self.width()), np.float32)
        full = np.flatnonzero(lengths)
        for at, tokens, mask in batches(
            pieces.tokens, chosen[full], self.settings.batch_tokens, self.tokeniser.padding
        ):
            vectors[full[at]] = self.engine.run(tokens, mask)
        if len(chosen) > len(texts):
            vectors = _means(vectors, lengths, place, len(texts))
        return np.asarray(l2_normalised(vectors) if self.normalise else vectors, np.float32)


def _means(vectors: Floats, lengths: Longs, place: Longs, n: int) -> Floats:
    total = np.zeros((n, vectors.shape[1]))
    np.add.at(total, place, vectors * lengths[:, None].astype(np.float64))
    weight = np.bincount(place, weights=lengths, minlength=n)
    return (total / np.maximum(weight, 1)[:, None]).astype(np.float32)
