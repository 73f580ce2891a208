"""Counted words folded into a fixed number of columns, with nothing learnt and nothing to load."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge, Le

from palate.arrays import Floats, l2_normalised
from palate.encode.content import Layout
from palate.encode.content_encoder import TextRows, Vectors
from palate.encode.text.chinese import Chinese, cutting_libraries
from palate.encode.text.words import Cutting, word_runs

_CHUNK = 2000


@dataclass(frozen=True)
class HashingSettings:
    """Settings of `text.hashing.v1`."""

    fields: tuple[str, ...] = ()
    """Fields of the catalogue to read; none means every text field."""

    layout: Layout = "joined"
    """`"joined"`: the texts one after the other; `"named"`: each after its field's name."""

    dims: Annotated[int, Ge(8), Le(65_536)] = 512
    """Columns."""

    word_runs: Annotated[int, Ge(1), Le(5)] = 1
    """Longest run of words that counts as a word of its own; 1 means single words."""

    chinese: Chinese = "characters"
    """Chinese as single characters and pairs, or, with `"words"`, as single characters and the
    words of a dictionary (extra `chinese`)."""

    simplify: bool = False
    """Count traditional Chinese characters as simplified ones (extra `chinese`)."""

    letters: Annotated[int, Ge(0), Le(8)] = 0
    """Also count runs of so many letters inside each word, which forgives misspellings; 0 means
    none."""


class Hashing(TextRows):
    """Each word adds plus or minus one to a column that its hash names; rows have length one.

    For texts that stream in and must be encoded at once, with no vocabulary to keep.
    `text.tfidf.v1` is better wherever there is a training part to count words in, because rare
    words should weigh more.

    Args:
        settings: See `HashingSettings`.

    Cost: about 30,000 short texts a second on one core.

    >>> import polars as pl
    >>> from palate.tables import Catalogue, Vocabulary
    >>> shop = Catalogue(Vocabulary.of("ab"), pl.DataFrame({"title": ["red wine", None]}))
    >>> block = Hashing().fit(shop, np.array([0, 1], np.int32)).encode(shop)
    >>> block.matrix.shape, block.present.tolist(), int((block.matrix != 0).sum())
    ((2, 512), [True, False], 2)

    Paper: K. Weinberger et al., Feature hashing for large scale multitask learning, ICML 2009.
    """

    Settings = HashingSettings
    name: ClassVar[str] = "text.hashing.v1"
    block_name: ClassVar[str] = "text.hashing"

    def __init__(self, settings: HashingSettings = HashingSettings()) -> None:
        self.settings = settings

    def identity(self) -> Mapping[str, Any]:
        """Every setting that changes a vector."""
        s = self.settings
        usual = {
            "part": self.name,
            "dims": s.dims,
            "word_runs": s.word_runs,
            "letters": s.letters,
        }
        libraries = cutting_libraries(s.chinese, s.simplify)
        # rows of the cache that were made before these settings existed stay good
        return usual | ({"chinese": s.chinese, "libraries": libraries} if libraries else {})

    def weights(self) -> str:
        """There are none."""
        return ""

    def width(self) -> int:
        """d, the number of columns."""
        dims: int = self.settings.dims
        return dims

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Encode texts in the order given."""
        for start in range(0, len(texts), _CHUNK):
            some = texts[start : start + _CHUNK]
            yield np.arange(start, start + len(some)), self._counted(some)

    def _counted(self, texts: Sequence[str]) -> Floats:
        counts = np.zeros((len(texts), self.settings.dims), np.float32)
        for row, text in enumerate(texts):
            for feature, times in Counter(self._features(text)).items():
                place = int.from_bytes(
                    hashlib.blake2b(feature.encode("utf-8", "replace"), digest_size=8).digest()
                )
                counts[row, (place >> 1) % self.settings.dims] += (1 if place & 1 else -1) * (
                    1 + np.log(times)
                )
        return np.asarray(l2_normalised(counts), np.float32)

    def _features(self, text: str) -> list[str]:
        s = self.settings
        found = word_runs(text, s.word_runs, cutting=Cutting(s.chinese, s.simplify))
        n = s.letters
        if n:
            padded = [f"<{word}>" for word in found if " " not in word]
            found += [word[i : i + n] for word in padded for i in range(len(word) - n + 1)]
        return found
