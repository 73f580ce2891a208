"""Texts as the mean of fixed vectors of their tokens: a language model's knowledge at the price of
a look-up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge
from scipy import sparse

from palate import store
from palate.arrays import Floats, Longs, l2_normalised, offsets_of
from palate.capabilities import NamesModel
from palate.encode.content import Layout
from palate.encode.content_encoder import TextRows, Vectors
from palate.encode.file_digests import digests_of
from palate.encode.text.weights import find_weights
from palate.errors import BadInput
from palate.optional import need

_CHUNK = 2048
_PER_TOKEN = 12


@dataclass(frozen=True)
class StaticSettings:
    """Settings of `text.static.v1`."""

    model: str = "minishlab/potion-base-8M"
    """A folder in model2vec's format or of sentence-transformers' static kind, or a name on the
    Hugging Face hub."""

    revision: str | None = None
    """Branch, tag or commit on the hub; by default the newest that is in the hub's cache."""

    fields: tuple[str, ...] = ()
    """Fields of the catalogue to read; none means every text field."""

    layout: Layout = "joined"
    """`"joined"`: the texts one after the other; `"named"`: each after its field's name."""

    max_tokens: Annotated[int, Ge(1)] = 512
    """Tokens of a text that count; the rest is cut off."""

    normalise: bool | None = None
    """Scale every vector to length one; by default what the model's folder says."""


@dataclass(frozen=True)
class TokenVectors:
    """A static model.

    Attributes:
        tokeniser: Of the `tokenizers` library.
        vectors: float32 [n_vectors, d].
        rows: int64 [n_tokens], the vector of each token.
        weights: float32 [n_tokens], how much each token counts; 0 for the unknown token.
        normalise: What the folder says.
    """

    tokeniser: Any
    vectors: Floats
    rows: Longs
    weights: Floats
    normalise: bool


class Static(TextRows, NamesModel):
    """Vectors of a static model, such as model2vec distils from a sentence encoder; numpy alone
    computes them.

    For millions of texts or machines without room for a transformer: hundreds of times quicker than
    `text.transformer.v1`, and close to it in classification, a fifth worse in retrieval. Without a
    distilled model at hand, `text.tfidf.v1` is as quick.

    Args:
        settings: See `StaticSettings`.

    Cost: some 20,000 short texts a second on one core; memory is that of the token vectors.

    Paper: S. Tulkens and T. van Dongen, Model2Vec, 2024, doi:10.5281/zenodo.17270888.
    """

    Settings = StaticSettings
    name: ClassVar[str] = "text.static.v1"
    block_name: ClassVar[str] = "text.static"
    local: ClassVar[tuple[str, ...]] = ("model", "revision")

    def __init__(self, settings: StaticSettings = StaticSettings()) -> None:
        self.settings = settings

    @classmethod
    def model_of(cls, settings: StaticSettings) -> str:
        """The folder, or the name on the hub."""
        return settings.model

    def identity(self) -> Mapping[str, Any]:
        """Weights, tokeniser and every setting that changes a vector."""
        return {
            "part": self.name,
            "weights": self.weights(),
            "max_tokens": self.settings.max_tokens,
            "normalise": self.settings.normalise,
        }

    def weights(self) -> str:
        """Digest of the folder's files that change a vector."""
        return self._digest

    def width(self) -> int:
        """d, the number of columns."""
        return int(self.model.vectors.shape[1])

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Encode texts in the order given."""
        for start in range(0, len(texts), _CHUNK):
            some = texts[start : start + _CHUNK]
            yield np.arange(start, start + len(some)), self._means(some)

    @cached_property
    def folder(self) -> Path:
        """Where the model lies."""
        root = find_weights(self.settings.model, self.settings.revision)
        inner = root / "0_StaticEmbedding"
        return inner if inner.is_dir() else root

    @cached_property
    def model(self) -> TokenVectors:
        """The model itself, loaded on first use."""
        return read_static(self.folder)

    @cached_property
    def _digest(self) -> str:
        names = ("model.safetensors", "tokenizer.json", "config.json")
        files = [file for name in names if (file := self.folder / name).is_file()]
        return store.digest(dict(zip([f.name for f in files], digests_of(files), strict=True)))

    def _means(self, texts: Sequence[str]) -> Floats:
        model, most = self.model, self.settings.max_tokens
        # Far more characters than can count are cut off first: tokenising a whole book would be
        # wasted.
        cut = [t[: most * _PER_TOKEN].encode("utf-8", "replace").decode() for t in texts]
        found = model.tokeniser.encode_batch_fast(cut, add_special_tokens=False)
        kept = [[i for i in e.ids if model.weights[i]][:most] for e in found]
        offsets = offsets_of(np.fromiter(map(len, kept), np.int64, len(kept)))
        ids = np.fromiter((i for row in kept for i in row), np.int64, int(offsets[-1]))
        # One product with a sparse matrix adds the vectors of each text in order, whatever its
        # neighbours are.
        counts = sparse.csr_matrix(
            (model.weights[ids], model.rows[ids], offsets), shape=(len(texts), len(model.vectors))
        )
        sums = np.asarray(counts @ model.vectors, np.float64)
        means = np.asarray(sums / np.maximum(np.diff(offsets), 1)[:, None], np.float32)
        normalise = model.normalise if self.settings.normalise is None else self.settings.normalise
        return np.asarray(l2_normalised(means) if normalise else means, np.float32)


def read_static(folder: Path) -> TokenVectors:
    """Read a static model's folder.

    Raises:
        BadInput: Files are missing or do not fit together.
    """
    tokenizers = need("tokenizers", extra="text", purpose="cut text into tokens")
    tensors = _tensors(folder / "model.safetensors")
    vectors = tensors.get("embeddings", tensors.get("embedding.weight"))
    try:
        tokeniser = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as cause:  # the library raises bare Exception, whatever is wrong
        raise _no_model(folder, f"tokenizer.json cannot be read: {cause}") from cause
    if vectors is None or vectors.ndim != 2:
        raise _no_model(folder, "model.safetensors holds no table of embeddings")
    tokeniser.no_padding()
    tokeniser.no_truncation()
    n_tokens = tokeniser.get_vocab_size(with_added_tokens=True)
    rows = np.asarray(tensors.get("mapping", np.arange(n_tokens)), np.int64)
    weights = np.array(tensors.get("weights", np.ones(n_tokens)), np.float32)
    if (
        len(rows) < n_tokens
        or len(weights) < n_tokens
        or rows[:n_tokens].max(initial=0) >= len(vectors)
    ):
        raise _no_model(folder, f"{len(vectors)} embeddings do not fit {n_tokens} tokens")
    if "embeddings" in tensors:
        weights[list(_unknown(tokeniser))] = 0
    said = folder / "config.json"
    normalise = (
        bool(json.loads(said.read_text(encoding="utf-8")).get("normalize", True))
        if said.is_file()
        else False
    )
    return TokenVectors(tokeniser, np.asarray(vectors, np.float32), rows, weights, normalise)


def _tensors(path: Path) -> Mapping[str, Any]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        found: Mapping[str, Any] = load_file(path)
    except (OSError, SafetensorError) as cause:
        raise _no_model(path.parent, f"model.safetensors cannot be read: {cause}") from cause
    return found


def _unknown(tokeniser: Any) -> Iterator[int]:
    model = json.loads(tokeniser.to_str())["model"]
    token = model.get("unk_token")
    if token is None and model.get("unk_id") is not None:
        token = model["vocab"][model["unk_id"]][0]
    place = tokeniser.token_to_id(token) if token is not None else None
    if place is not None:
        yield place


def _no_model(folder: Path, what: str) -> BadInput:
    return BadInput(
        f"this is no static model: {what}",
        where=str(folder),
        allowed="model.safetensors with embeddings, beside tokenizer.json",
        next_step="distil one with model2vec, or use text.transformer.v1",
    )
