"""A text as a pattern should see it: full-width and look-alike forms made plain, invisible letters
gone, with the way back to the original.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
)
_DASHES: Final = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_BLANK: Final = re.compile(r"[^\S\n]")
_OTHER: Final = re.compile(r"[^\x00-\x7f]")


@dataclass(frozen=True)
class PlainText:
    """A text and where each of its letters came from.

    Attributes:
        text: NFKC form, letter by letter; without invisible letters, dashes as "-", blanks as " ".
        starts: For each letter of `text`, and for its end, the position in the original; None where
            both have the same letters.
    """

    text: str
    starts: Sequence[int] | None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The part of the original from which a part of the text was made."""
        if self.starts is None:
            return start, end
        return self.starts[start], self.starts[end - 1] + 1 if end > start else self.starts[start]


def plain_text(text: str) -> PlainText:
    """Make a text plain.

    >>> plain_text("\uff14\u200b\uff11 1\u2010a").text
    '41 1-a'
    """
    if not _OTHER.search(text):
        return PlainText(_BLANK.sub(" ", text), None)
    letters, starts = list[str](), list[int]()
    for k, letter in enumerate(text):
        for one in _plain(letter):
            letters.append(one)
            starts.append(k)
    return PlainText("".join(letters), [*starts, len(text)])


@lru_cache(maxsize=4096)
def _plain(letter: str) -> str:
    if _INVISIBLE.match(letter):
        return ""
    if _DASHES.match(letter):
        return "-"
    return _BLANK.sub(" ", unicodedata.normalize("NFKC", letter))
