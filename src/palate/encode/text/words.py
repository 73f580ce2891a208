"""Text -> words: product titles, prose, and scripts that are written without blanks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterator
from dataclasses import dataclass

from palate.encode.text.chinese import HAN, Chinese, cut, simplified

_UNSPACED = (
    "\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"  # Han
)
_RUN = re.compile(
    rf"[{_UNSPACED}]+|\d+(?:[.,]\d+)+|(?:(?![{_UNSPACED}])[^\W_])+(?:['\u2019](?:(?![{_UNSPACED}])[^\W_])+)?"
)
_UNSPACED_START = re.compile(rf"[{_UNSPACED}]")
_MARKS = re.compile("['\u2019]")


@dataclass(frozen=True)
class Cutting:
    """How texts become words.

    Attributes:
        chinese: `"characters"`: runs without blanks as single characters and pairs; `"words"`:
            Chinese runs as single characters and the words that a dictionary finds (extra
            `chinese`), others as before.
        simplify: Traditional Chinese characters count as their simplified ones.
    """

    chinese: Chinese = "characters"
    simplify: bool = False


AS_CHARACTERS = Cutting()


def words(text: str, cutting: Cutting = AS_CHARACTERS) -> list[str]:
    """Lower-case words, full-width letters as half-width ones; runs without blanks (Chinese,
    Japanese, Thai ...) as single characters and pairs, or as `cutting` says.

    Numbers stay whole (`1.7`), single letters are dropped, single digits are kept, because "5 oz"
    and "8 oz" are different things.

    Raises:
        MissingExtra: `cutting` needs a library that is not installed.

    >>> words("L'Oreal Mascara, 1.7 oz x 2")
    ['loreal', 'mascara', '1.7', 'oz', '2']
    >>> words("红楼梦 vol.2")
    ['红', '楼', '梦', '红楼', '楼梦', 'vol', '2']
    """
    plain = unicodedata.normalize("NFKC", text).lower()
    return list(_words(simplified(plain) if cutting.simplify else plain, cutting.chinese))


def _words(text: str, chinese: Chinese) -> Iterator[str]:
    for run in _RUN.findall(text):
        if _UNSPACED_START.match(run):
            yield from run
            if chinese == "words" and HAN.fullmatch(run):
                yield from (word for word in cut(run) if len(word) > 1)
            else:
                yield from (run[i : i + 2] for i in range(len(run) - 1))
            continue
        word = _MARKS.sub("", run)
        if len(word) > 1 or word.isdigit():
            yield word


def word_runs(
    text: str, longest: int, without: Container[str] = (), cutting: Cutting = AS_CHARACTERS
) -> list[str]:
    """The words, and every run of up to `longest` of them joined by a blank.

    Words in `without` are left out, unless there are no others: "It" and "The The" are names too.

    >>> word_runs("red wine glass", 2)
    ['red', 'wine', 'glass', 'red wine', 'wine glass']
    >>> word_runs("the end", 1, {"the"}), word_runs("The The", 1, {"the"})
    (['end'], ['the', 'the'])
    """
    every = words(text, cutting)
    single = [word for word in every if word not in without] or every
    runs = [
        " ".join(single[i : i + n])
        for n in range(2, longest + 1)
        for i in range(len(single) - n + 1)
    ]
    return single + runs
