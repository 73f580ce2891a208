"""Words of a text with their places, what tells one from another, and which of them are a value."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from palate.arrays import Doubles, Longs, Sparse

DIMS = 1 << 15
"""Columns that features are hashed into."""

# between letters of Chinese there are no blanks: each is a word of its own
_WORD = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af]|\d+|[^\W\d_\u2e80-\u9fff\uac00-\ud7af]+|\S")
_EDGE = "<edge>"


@dataclass(frozen=True)
class Word:
    """A word and where it stands.

    Attributes:
        text: As it is written.
        start: Its first letter.
        end: Behind its last letter.
    """

    text: str
    start: int
    end: int

    @property
    def shape(self) -> str:
        """Capitals, small letters and digits, runs as one."""
        letters = re.sub(r"[A-Z]+", "A", re.sub(r"[a-z]+", "a", re.sub(r"\d+", "0", self.text)))
        return letters if len(letters) < 8 else letters[:8]


def words_of(text: str) -> list[Word]:
    """The words in order; a sign that is no letter and no digit is a word too."""
    return [Word(m.group(), m.start(), m.end()) for m in _WORD.finditer(text)]


def features_of(words: Sequence[Word]) -> Sparse:
    """CSR float64 [n_words, DIMS]: each word, its neighbours and its place, hashed."""
    columns = [sorted({_place(f) for f in _features(words, j)}) for j in range(len(words))]
    ends = np.cumsum([0, *map(len, columns)])
    flat = np.array([c for row in columns for c in row], np.int64)
    return sparse.csr_matrix((np.ones(len(flat)), flat, ends), shape=(len(words), DIMS))


def marked(words: Sequence[Word], values: Sequence[Sequence[str]]) -> Longs:
    """int64 [n_words]: 0 outside every value, 2q + 1 where a value of question q begins, 2q + 2
    inside it.

    Args:
        words: Of a text.
        values: [n_questions], the values of each; of overlapping ones the longer counts.
    """
    tags = np.zeros(len(words), np.int64)
    lower = [w.text.lower() for w in words]
    runs = [(q, [w.text.lower() for w in words_of(v)]) for q, row in enumerate(values) for v in row]
    for q, run in sorted(runs, key=lambda pair: -len(pair[1])):
        n = len(run)
        for start in range(len(lower) - n + 1) if n else ():
            if lower[start : start + n] == run and not tags[start : start + n].any():
                tags[start : start + n] = 2 * q + 2
                tags[start] = 2 * q + 1
    return tags


def likeliest(scores: Doubles) -> Longs:
    """int64 [n_words], the likeliest tags of which none is inside a value that did not begin.

    Args:
        scores: float64 [n_words, n_tags], logarithms of probabilities.
    """
    n, k = scores.shape
    inside = np.arange(2, k, 2)
    # inside q may follow only where q begins or goes on
    allowed = np.zeros((k, k))
    allowed[:, inside] = -np.inf
    allowed[inside, inside] = allowed[inside - 1, inside] = 0.0
    best = scores[0].copy()
    best[inside] = -np.inf
    came = np.zeros((n, k), np.int64)
    for j in range(1, n):
        total = best[:, None] + allowed
        came[j] = total.argmax(axis=0)
        best = total[came[j], np.arange(k)] + scores[j]
    tags = np.zeros(n, np.int64)
    tags[-1] = best.argmax()
    for j in range(n - 1, 0, -1):
        tags[j - 1] = came[j, tags[j]]
    return tags


def spans_of(tags: Longs) -> Iterator[tuple[int, int, int]]:
    """(question, first word, behind the last word) of each value."""
    start = None
    for j, tag in enumerate([*tags.tolist(), 0]):
        if start is not None and tag != tags[start] + 1:
            yield int(tags[start] - 1) // 2, start, j
            start = None
        if tag % 2 == 1:
            start = j


def _features(words: Sequence[Word], j: int) -> Iterator[str]:
    def lower(k: int) -> str:
        return words[k].text.lower() if 0 <= k < len(words) else _EDGE

    word = words[j]
    here = lower(j)
    yield "bias"
    yield f"w {here}"
    yield f"s {word.shape}"
    yield f"p {here[:3]}"
    yield f"x {here[-3:]}"
    for step in (-2, -1, 1, 2):
        yield f"{step} {lower(j + step)}"
    yield f"-1w {lower(j - 1)} {here}"
    yield f"w1 {here} {lower(j + 1)}"
    if j > 0:
        yield f"-1s {words[j - 1].shape}"
    if j + 1 < len(words):
        yield f"1s {words[j + 1].shape}"
    yield f"at {min(j, 4)}"
    yield f"in {4 * j // len(words)}"


def _place(feature: str) -> int:
    return zlib.crc32(feature.encode("utf-8", "surrogatepass")) % DIMS
