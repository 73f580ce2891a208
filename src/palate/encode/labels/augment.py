"""Changed copies of labelled texts: without some words, a stretch of them, with similar words in
place of some, or a paraphrase.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias

import numpy as np
from annotated_types import Ge, Gt, Lt, MinLen

from palate.arrays import Doubles
from palate.encode.text.chinese import HAN

TextChange: TypeAlias = Literal["drop", "crop", "swap", "paraphrase"]
"""Without some words; a stretch of the text; similar words in place of some; in a language model's
words."""
CHANGES: Final[tuple[TextChange, ...]] = ("drop", "crop", "swap")
"""Those that need no language model."""
MOST_WORDS: Final = 3000
"""Most frequent words of the training texts that may be swapped."""
_ONE = HAN.pattern.removesuffix("+")
_PIECES: Final = re.compile(rf"{_ONE}|(?:(?!{_ONE})\w)+|\W+")
_LEAST = 3
"""Words that a text needs, to be changed."""


@dataclass(frozen=True)
class TextAugmentation:
    """Changed copies of the labelled texts."""

    copies: Annotated[int, Ge(0)] = 0
    """Of each text; 0: none."""

    kinds: Annotated[tuple[TextChange, ...], MinLen(1)] = CHANGES
    """What may be done to one, drawn: `"drop"`, `"crop"`, `"swap"`, and `"paraphrase"`, which needs
    a `paraphraser`."""

    part: Annotated[float, Gt(0), Lt(1)] = 0.2
    """Share of the words that are left out or swapped."""

    similar: Annotated[int, Ge(1)] = 5
    """Words that may stand in place of one: the nearest by their own sentence vectors."""


def frequent_words(texts: Sequence[str]) -> list[str]:
    """The most frequent words of some texts, in lower case; of Chinese single characters."""
    counts = Counter(
        piece.casefold() for text in texts for piece in _PIECES.findall(text) if _is_word(piece)
    )
    return sorted(counts, key=lambda w: (-counts[w], w))[:MOST_WORDS]


def similar_words(words: Sequence[str], vectors: Doubles, k: int) -> dict[str, tuple[str, ...]]:
    """Word -> the k words with the nearest vectors, itself left out.

    Args:
        words: [n], distinct.
        vectors: float64 [n, d], of length one; words whose vector is zero are similar to none.
        k: How many.
    """
    there = np.flatnonzero(vectors.any(axis=1))
    found = {}
    for start in range(0, len(there), 512):
        rows = there[start : start + 512]
        cosines = vectors[rows] @ vectors[there].T
        cosines[np.arange(len(rows)), np.arange(start, start + len(rows))] = -np.inf
        nearest = np.argsort(-cosines, axis=1, kind="stable")[:, : min(k, len(there) - 1)]
        for row, near in zip(rows, nearest, strict=True):
            found[words[row]] = tuple(words[there[n]] for n in near)
    return found


def changed_text(
    text: str,
    settings: TextAugmentation,
    alike: Mapping[str, Sequence[str]],
    rng: np.random.Generator,
    paraphrases: Sequence[str] = (),
) -> str:
    """A changed copy of a text; one of fewer than three words stays as it is, and so does one that
    is to be paraphrased and has no paraphrase.

    Args:
        text: The text.
        settings: What may be done.
        alike: Word, in lower case -> similar ones.
        rng: Decides what is done, and where.
        paraphrases: Of the text.

    >>> few = TextAugmentation(copies=1, kinds=("crop",), part=0.5)
    >>> changed_text("a red hat for winter days", few, {}, np.random.default_rng(0))
    'for winter days'
    """
    pieces = _PIECES.findall(text)
    where = [j for j, piece in enumerate(pieces) if _is_word(piece)]
    if len(where) < _LEAST:
        return text
    kind = settings.kinds[int(rng.integers(len(settings.kinds)))]
    n = min(max(round(settings.part * len(where)), 1), len(where) - 1)
    change: Mapping[str, Callable[[], str]] = {
        "drop": lambda: _without(pieces, rng.permutation(where)[:n].tolist()),
        "crop": lambda: _stretch(pieces, where, len(where) - n, rng),
        "swap": lambda: _swapped(pieces, rng.permutation(where)[:n].tolist(), alike, rng),
        "paraphrase": lambda: _one_of(paraphrases, rng) or text,
    }
    return change[kind]()


def _is_word(piece: str) -> bool:
    return any(letter.isalnum() for letter in piece)


def _one_of(texts: Sequence[str], rng: np.random.Generator) -> str:
    return texts[int(rng.integers(len(texts)))] if texts else ""


def _without(pieces: Sequence[str], gone: Sequence[int]) -> str:
    left = [piece for j, piece in enumerate(pieces) if j not in set(gone)]
    return re.sub(r"\s+", " ", "".join(left)).strip()


def _stretch(
    pieces: Sequence[str], where: Sequence[int], length: int, rng: np.random.Generator
) -> str:
    start = int(rng.integers(0, len(where) - length + 1))
    return "".join(pieces[where[start] : where[start + length - 1] + 1])


def _swapped(
    pieces: Sequence[str],
    chosen: Sequence[int],
    alike: Mapping[str, Sequence[str]],
    rng: np.random.Generator,
) -> str:
    out = list(pieces)
    for place in chosen:
        others = alike.get(out[place].casefold(), ())
        if others:
            out[place] = others[int(rng.integers(len(others)))]
    return "".join(out)
