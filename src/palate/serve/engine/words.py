"""The words of an item that matter: how far its content moves without each of them."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, final

import numpy as np

from palate.arrays import dense, l2_normalised
from palate.encode.content import texts_of
from palate.encode.fitted import FittedBlock, FittedParts
from palate.encode.text.chinese import cut, pieces
from palate.errors import Refused
from palate.optional import has
from palate.runs.open import OpenedRun
from palate.serve.engine.encoding import Encoding
from palate.serve.engine.items import Items
from palate.serve.records.items import no_item
from palate.tables import Catalogue, Vocabulary

MOST_TRIED: Final = 48
"""Words of a text that are left out one by one; those after them are not looked at."""

_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True)
class Word:
    """A word of an item.

    Attributes:
        block: The block of texts.
        word: As it is written.
        weight: 1 - cosine of the item's row with the row of its text without the word, in 0..2; 0
            for a word that the block does not hear.
    """

    block: str
    word: str
    weight: float


@final
class ItemWords:
    """Words of items, by every block of texts that a run has.

    Args:
        opened: The run.
        encoding: How encoders are asked.
    """

    def __init__(self, opened: OpenedRun, encoding: Encoding) -> None:
        self._opened, self._encoding, self._lock = opened, encoding, threading.Lock()
        self._found: Mapping[str, FittedBlock] | None = None

    def of(self, item: str, items: Items, most: int) -> list[Word]:
        """The words that matter most, at most `most` of each block, largest weight first.

        Args:
            item: Its id.
            items: The catalogue.
            most: >= 1.

        Raises:
            NotFound: There is no such item.
            Refused: The run has no block of texts.
            Unavailable: An encoder is away.

        Cost: one text encoded for each word, `MOST_TRIED` at most, in each block.
        """
        row = items.row(item)
        if row is None:
            raise no_item(item)
        own = items.catalogue.fields[row : row + 1]
        alone = Catalogue(Vocabulary((item,)), own, items.catalogue.folder)
        found = []
        for name, block in self._blocks().items():
            part = block.parts.text_encoder(name)
            text = texts_of(alone, part.fields_, part.settings.layout)[0]
            if text is not None:
                found += self._encoding.ask(name, partial(_words, name, block, text))[:most]
        return sorted(found, key=lambda word: -word.weight)

    def _blocks(self) -> Mapping[str, FittedBlock]:
        """Blocks whose rows are made of one text each; what is encoded here is kept nowhere."""
        with self._lock:
            if self._found is None:
                self._found = {
                    name: replace(fitted, held=partial(_parts, fitted), cache=False)
                    for name, fitted in self._opened.fitted.blocks.items()
                    if _of_texts(name, fitted)
                }
        if not self._found:
            raise Refused(
                "the run has no block of texts",
                where="words",
                next_step="run a recipe with a block such as text.tfidf.v1",
            )
        return self._found


def _parts(fitted: FittedBlock) -> FittedParts:
    return fitted.parts


def _of_texts(name: str, fitted: FittedBlock) -> bool:
    try:
        fitted.parts.text_encoder(name)
    except Refused:
        return False
    return True


def _words(name: str, block: FittedBlock, text: str) -> list[Word]:
    """The words of a text, largest weight first."""
    # one word of Chinese at a time, too; where no dictionary is installed, one character
    cut_up = pieces(text, cut if has("rjieba") else list)
    words = [piece for piece in cut_up if _WORD.fullmatch(piece)]
    spelt = {word.casefold(): word for word in reversed(words)}
    tried = list(dict.fromkeys(word.casefold() for word in words))[:MOST_TRIED]
    without = ["".join(p for p in cut_up if p.casefold() != word) for word in tried]
    matrix, present = block.encode([text, *without])
    rows = dense(l2_normalised(matrix))
    # a text of which nothing is left has no row: the word was all there was
    cosines = np.where(present[1:], rows[1:] @ rows[0], 0.0)
    weights = np.clip(1 - cosines, 0, 2) if present[0] else np.zeros(len(tried))
    weighed = [
        Word(name, spelt[word], round(float(weight), 6))
        for word, weight in zip(tried, weights, strict=True)
    ]
    return sorted(weighed, key=lambda word: -word.weight)
