"""Chinese: words found by a dictionary, and traditional characters as simplified ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final, Literal, TypeAlias

from palate.optional import has, need

Chinese: TypeAlias = Literal["characters", "words"]
"""What counts as a word of Chinese: single characters and pairs, or single characters and the words
of a dictionary."""

_HAN: Final = r"\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
HAN: Final = re.compile(f"[{_HAN}]+")
"""A run of Chinese characters."""

_WORD_OR_NOT: Final = re.compile(rf"([{_HAN}]+|(?:(?![{_HAN}])\w)+)")

EXTRA: Final = "chinese"


def cut(run: str) -> list[str]:
    """The words of a run of Chinese characters, in order, nothing left out.

    Args:
        run: Simplified characters are known best.

    Raises:
        MissingExtra: `rjieba` is not installed.

    Cost: a tenth of a second to load the dictionary, then about a million characters a second.

    >>> cut("红楼梦真好看")
    ['红楼梦', '真', '好看']
    """
    found: list[str] = _dictionary().cut(run)
    return found


def simplified(text: str) -> str:
    """The text with traditional characters as simplified ones, by words where these decide.

    Raises:
        MissingExtra: `opencc` is not installed.

    >>> simplified("手機殼 Pro版"), simplified("乾隆 乾燥")
    ('手机壳 Pro版', '乾隆 干燥')
    """
    return _converter()(text) if HAN.search(text) else text


def pieces(text: str, cutter: Callable[[str], Iterable[str]]) -> list[str]:
    """A text in pieces that make it up again: words, and what stands between them.

    Args:
        text: In any mixture of scripts.
        cutter: Cuts runs of Chinese characters, as `cut` or `list` do.

    >>> pieces("红楼梦 vol.2", cut)
    ['红楼梦', ' ', 'vol', '.', '2']
    """
    found: list[str] = []
    for piece in filter(None, _WORD_OR_NOT.split(text)):
        found += cutter(piece) if HAN.fullmatch(piece) else [piece]
    return found


def cutting_libraries(chinese: Chinese, simplify: bool) -> tuple[str, ...]:
    """Names and versions of the libraries that have a say in what a text's words are: they belong
    to the identity of the part that counts words. Empty where none has.
    """
    named = (("rjieba", chinese == "words"), ("opencc", simplify))
    return tuple(f"{package} {_version(package)}" for package, used in named if used)


def at_hand() -> bool:
    """Whether both libraries of the extra are installed."""
    return has("rjieba") and has("opencc")


@lru_cache(maxsize=1)
def _dictionary() -> Any:
    # an instance of our own: words that others add to the library's stay out of it
    return need("rjieba", extra=EXTRA, purpose="find the words of Chinese texts").Jieba()


@lru_cache(maxsize=1)
def _converter() -> Callable[[str], str]:
    opencc = need("opencc", extra=EXTRA, purpose="read traditional characters as simplified ones")
    convert: Callable[[str], str] = opencc.OpenCC("t2s").convert
    return convert


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # the library itself will say that it is missing
        return ""
