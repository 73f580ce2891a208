"""A text as words with their positions, in scripts with blanks and without."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from palate.arrays import Doubles

_WORD = re.compile(
    r"[\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af]|[^\W_]+(?:['\u2019][^\W_]+)*"
)


@dataclass(frozen=True)
class Piece:
    """A word, or one character of a script without blanks.

    Attributes:
        text: As written.
        start: First character in the text.
        end: One past the last.
    """

    text: str
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class Attribution:
    """What each word did for a score.

    Attributes:
        text: The whole text.
        pieces: Its words.
        values: float64 [n_pieces], positive where the word raised the score.
        score: The score of the whole text.
        method: e.g. `"occlusion"`.
    """

    text: str
    pieces: tuple[Piece, ...]
    values: Doubles
    score: float
    method: str

    def order(self) -> list[int]:
        """Places of the pieces, the one that raised the score most first; ties in reading order."""
        return sorted(range(len(self.pieces)), key=lambda i: (-self.values[i], i))


def pieces_of(text: str) -> tuple[Piece, ...]:
    """The words of a text; Chinese, Japanese and Korean by the character.

    >>> [p.text for p in pieces_of("It's a red tea, 红茶")]
    ["It's", 'a', 'red', 'tea', '红', '茶']
    """
    return tuple(Piece(m.group(), m.start(), m.end()) for m in _WORD.finditer(text))


def without(text: str, pieces: Sequence[Piece], dropped: Sequence[int], mask: str = "") -> str:
    """The text with some pieces replaced by `mask`.

    >>> without("a red tea", pieces_of("a red tea"), [1])
    'a  tea'
    """
    out, last = [], 0
    for i in sorted(dropped):
        out += [text[last : pieces[i].start], mask]
        last = pieces[i].end
    return "".join([*out, text[last:]])
