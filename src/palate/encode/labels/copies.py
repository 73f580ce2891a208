"""Vectors of changed copies of labelled texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from palate.answering import Paraphrases
from palate.arrays import Doubles, Longs
from palate.encode.labels.augment import (
    TextAugmentation,
    changed_text,
    frequent_words,
    similar_words,
)
from palate.encode.labels.paraphrased import FaithfulParaphrases
from palate.encode.row_cache import RowCache
from palate.errors import BadRecipe
from palate.seeding import generator

Vectors: TypeAlias = Callable[[Sequence[str]], Doubles]
"""texts [n] -> float64 [n, d]."""


@dataclass(frozen=True, eq=False)
class ChangedCopies:
    """How copies of texts are made.

    Attributes:
        texts: [n], None where there is none.
        settings: What is done to them; at least one copy.
        alike: Word, in lower case -> similar ones.
        paraphrases: Of a text; None where none are wanted.
        vectors: Encodes copies.
        seed: Of what is drawn.
    """

    texts: Sequence[str | None]
    settings: TextAugmentation
    alike: dict[str, tuple[str, ...]]
    paraphrases: FaithfulParaphrases | None
    vectors: Vectors
    seed: int

    @classmethod
    def of(
        cls,
        texts: Sequence[str | None],
        settings: TextAugmentation,
        paraphrases: FaithfulParaphrases | None,
        words: Vectors,
        vectors: Vectors,
        seed: int,
    ) -> ChangedCopies:
        """With the words of the texts that are similar to others, where words are swapped.

        Args:
            texts: See above.
            settings: Likewise.
            paraphrases: Likewise.
            words: Encodes single words, as sentences.
            vectors: See above.
            seed: Likewise.
        """
        alike: dict[str, tuple[str, ...]] = {}
        if "swap" in settings.kinds:
            known = frequent_words([t for t in texts if t is not None])
            alike = similar_words(known, words(known), settings.similar)
        return cls(texts, settings, alike, paraphrases, vectors, seed)

    def __call__(self, rows: Longs, name: str) -> Doubles:
        """float64 [n, n_copies, d]: vectors of copies of the texts of some rows [n].

        Args:
            rows: Of texts that there are.
            name: Of the question that they are labelled for.

        Raises:
            PalateError: Who paraphrases gave up.
        """
        rng = generator(self.seed, "changed texts", name)
        changed = [
            changed_text(text, self.settings, self.alike, rng, said)
            for text, said in map(self._source, rows.tolist())
            for _ in range(self.settings.copies)
        ]
        vectors = self.vectors(changed)
        return np.asarray(vectors.reshape(len(rows), self.settings.copies, -1))

    def _source(self, row: int) -> tuple[str, Sequence[str]]:
        text = str(self.texts[row])
        return text, () if self.paraphrases is None else self.paraphrases.of(text)


def paraphrases_by(
    provider: object, settings: TextAugmentation, cache: RowCache | None
) -> FaithfulParaphrases | None:
    """Paraphrases by a provider; None where none are wanted.

    Raises:
        BadRecipe: It cannot write any.
    """
    if "paraphrase" not in settings.kinds or not settings.copies:
        return None
    if not isinstance(provider, Paraphrases):
        raise BadRecipe(
            f"{type(provider).__name__} does not paraphrase",
            where="paraphraser",
            allowed="a provider with a language model that writes, such as answers.chat.v1",
        )
    return FaithfulParaphrases(provider, settings.copies, cache)
