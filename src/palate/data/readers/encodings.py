"""Which encoding the bytes of one file look like, where it is not UTF-8."""

from __future__ import annotations

import codecs
import re
from typing import Final

USUAL: Final = (
    *("cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256"),
    *("gb18030", "big5", "cp932", "euc_jp", "cp949", "utf_16_le", "utf_16_be"),
)
"""Encodings that tools still write; what a guess may choose from, and of equals the first."""

SINGLE_BYTE: Final = frozenset(
    {"iso8859-1", "iso8859-15", "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "mac-roman"}
)
"""Encodings in which any bytes are a text, so that a wrong guess goes unnoticed."""

_SIGNS: Final = "€£°«»„“”\u2019\u2018\u2013—…®©™"
_LATIN: Final = {
    "cp1252": "éèêëàâäáãåæçíìîïñóòôöõøúùûüßœÉÈÀÇÄÖÜÅØÑÁÍÓÚ¿¡" + _SIGNS,
    "cp1250": "ąćęłńóśźżáčďéěíňřšťúůýžőűăâîşţđöüäßĄĆĘŁŃÓŚŹŻÁČĎÉĚÍŇŘŠŤÚŮÝŽŐŰ" + _SIGNS,
    "cp1254": "ığşçöüâîûİĞŞÇÖÜ" + _SIGNS,
}
"""Code pages of languages with Latin letters -> the letters that these languages use."""

_HALF_WIDTH: Final = "".join(map(chr, range(0xFF61, 0xFFA0)))
_MOST_KANA: Final = 0.5
_MOSTLY: Final = 0.9
_SAMPLE: Final = 1 << 17
_OF_UTF8: Final = re.compile(
    rb"[\xc0-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_BEYOND_ASCII: Final = re.compile(rb"[\x80-\xff]")


def guessed_encoding(content: bytes) -> str:
    r"""The encoding of a text that is not UTF-8; empty where none fits, or where it is UTF-8 with a
    few broken bytes, which another encoding would only hide.

    Args:
        content: The bytes of the file; lines with letters beyond ASCII are judged, 128 KB of them.

    Cost: below a second.

    >>> guessed_encoding("item_id,title\ncafé,noir\nthé,vert\n".encode("latin-1"))
    'cp1252'
    """
    from charset_normalizer import from_bytes

    if _is_broken_utf8(content):
        return ""
    wide = b"\0" in content[:4096]
    sample = content[:_SAMPLE] if wide else _telling(content)
    possible = [name for name in USUAL if name.startswith("utf_16") == wide]
    matches = sorted(
        from_bytes(sample, cp_isolation=possible), key=lambda m: (m.chaos, -m.coherence)
    )
    names = [n for m in matches for n in (m.encoding, *m.could_be_from_charset) if n in possible]
    shares = {name: _share(sample, name, letters) for name, letters in _LATIN.items()}
    # a few accents among plain letters; which of the Latin code pages it is only they distinguish
    few = not wide and _short_runs(sample) and max(shares.values()) >= _MOSTLY
    if few or (names and names[0] in _LATIN):
        names = [*sorted(_LATIN, key=lambda name: -shares[name]), *names]
    kana = [n for n in names if n == "cp932" and _share(sample, n, _HALF_WIDTH) > _MOST_KANA]
    ordered = [*(n for n in names if n not in kana), *kana]
    return next((name for name in ordered if _decodes(content, name)), "")


def _share(content: bytes, encoding: str, letters: str) -> float:
    """Share of the characters beyond ASCII that are among these."""
    beyond = [c for c in content.decode(encoding, "replace") if not c.isascii()]
    return sum(c in letters for c in beyond) / max(len(beyond), 1)


def _short_runs(content: bytes) -> bool:
    """Whether bytes beyond ASCII stand alone or in twos and threes, as accented letters do."""
    runs = sorted(len(run) for run in re.findall(rb"[\x80-\xff]+", content))
    return bool(runs) and runs[len(runs) // 2] <= 3


def is_utf8_in_fact(content: bytes, encoding: str) -> bool:
    """Whether a file that shall be of a single-byte encoding is UTF-8 beyond doubt.

    It holds letters beyond ASCII, and every one is written as in UTF-8.
    """
    if codecs.lookup(encoding).name not in SINGLE_BYTE or not _BEYOND_ASCII.search(content):
        return False
    return _decodes(content, "utf-8")


def _telling(content: bytes) -> bytes:
    """The lines that hold more than ASCII, as many as the sample takes."""
    found: list[bytes] = []
    size = 0
    for line in content.splitlines(keepends=True):
        if not line.isascii():
            found.append(line)
            size += len(line)
            if size > _SAMPLE:
                break
    return b"".join(found)


def _is_broken_utf8(content: bytes) -> bool:
    letters = sum(len(found) for found in _OF_UTF8.findall(content))
    return letters > 0 and 2 * letters > len(_BEYOND_ASCII.findall(content))


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeError:
        return False
    return True
