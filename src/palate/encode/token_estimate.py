"""How many tokens a text is, without the tokeniser of the model that will read it."""

from __future__ import annotations

import re
from collections.abc import Sequence

_LETTERS_PER_TOKEN = 3
_WORD = re.compile(r"[A-Za-z]+|\d|[^\W\d_a-zA-Z]|[^\w\s]|_")
_LETTERS_OF_A_COMMON_WORD = 8
_LETTERS_OF_A_PIECE = 4.0
_PER_OTHER_LETTER = 0.7


def tokens_at_most(texts: Sequence[str]) -> int:
    """Tokens of the texts together, somewhat too many rather than too few: what a budget reserves.

    >>> tokens_at_most(["a red chair"])
    5
    """
    return sum(len(t) // _LETTERS_PER_TOKEN + 2 for t in texts)


def tokens_about(text: str) -> float:
    """Tokens of a text, as likely too many as too few: what an estimate of a price needs.

    Vocabularies of 50,000 pieces and more know most English words whole; digits and signs are
    pieces of their own, and letters of other alphabets are a piece for one or two.

    >>> round(tokens_about("a red chair for 25 people"))
    7
    """
    total = 0.0
    for piece in _WORD.findall(text):
        if piece.isascii() and piece.isalpha():
            beyond = max(0, len(piece) - _LETTERS_OF_A_COMMON_WORD)
            total += 1.0 + beyond / _LETTERS_OF_A_PIECE
        else:
            total += 1.0 if piece.isascii() else _PER_OTHER_LETTER
    return total
