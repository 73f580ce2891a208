"""Which encoding the bytes of one file look like, where it is not UTF-8."""

from __future__ import annotations

import codecs
import re
from typing import Final

USUAL: Final = (
    *("cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256"),
    *("gb18030", "big5", "cp932", "euc_jp", "cp949", "mac_roman", "utf_16_le", "utf_16_be"),
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

_MAC: Final = "éèêëàâäáãåæçíìîïñóòôöøúùûüßœÄÖÜÉ" + _SIGNS
_SYLLABLES: Final = frozenset(
    "이다는가을를의에고도한지하로사기리나시자어대인아스일수그정제은해서부전보라마주니여장구비공모"
    "차용상동원소성유세국무음면물년오과우중화미신선방내게만들안생경금당력회입실발문명반강조양외계연"
    "식야천산영품개버너노드트레르브디티카타파피바호후건남단달담등러려련료류른림맛매맥머메목몸몽민밀"
    "박받발배백번법베변별병복본봄분불빛빨색석설센셔션속손솔송쇼술숨쉬슈습승심싱쌀씨없었있요욕운월위"
    "육율으임잔잘저적절점접종좋즈직진질집착참창책청체초출치침칼커컵케코콜콩크클키킨타탁탕태터텀테토통"
    "투팅팔팩패퍼편평포폰표푸풀프플필한할함합핑항향허헤현형혜호홈화환활황효흑희힐"
)
"""Syllables of which Korean texts mostly consist; of Chinese characters that are read as Korean one
in ten is among them."""

_LEAST_COMMON: Final = 0.35
_LENIENT: Final = 0.6
_FEW: Final = 0.4
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
    if _is_broken_utf8(content):
        return ""
    wide = b"\0" in content[:4096]
    sample = content[:_SAMPLE] if wide else _telling(content)
    possible = [name for name in USUAL if name.startswith("utf_16") == wide]
    names = _by_similarity(sample, possible)
    shares = {name: _share(sample, name, letters) for name, letters in _LATIN.items()}
    # a few accents among plain letters; which of the Latin code pages it is only they distinguish
    few = not wide and _short_runs(sample) and max(shares.values()) >= _MOSTLY
    if few or (names and names[0] in _LATIN):
        names = [*sorted(_LATIN, key=lambda name: -shares[name]), *names]
    if _is_mac(sample, shares["cp1252"]):
        names = ["mac_roman", *names]
    if "cp949" in names and not _is_korean(sample):
        names = [*(n for n in names if n != "cp949"), "gb18030"]
    kana = [n for n in names if n == "cp932" and _share(sample, n, _HALF_WIDTH) > _MOST_KANA]
    ordered = [*(n for n in names if n not in kana), *kana]
    return next((name for name in ordered if _decodes(content, name)), "")


def _by_similarity(sample: bytes, possible: list[str]) -> list[str]:
    """Encodings of which the bytes may be, the likeliest first."""
    from charset_normalizer import from_bytes

    matches = from_bytes(sample, cp_isolation=possible)
    if not len(matches):  # a few short words are like no language
        matches = from_bytes(sample, cp_isolation=possible, threshold=_LENIENT)
    ordered = sorted(matches, key=lambda m: (m.chaos, -m.coherence))
    return [n for m in ordered for n in (m.encoding, *m.could_be_from_charset) if n in possible]


def _is_korean(sample: bytes) -> bool:
    """Whether the bytes are Korean rather than Chinese, whose characters are seldom used syllables
    when they are read as Korean.
    """
    letters = [c for c in sample.decode("cp949", "replace") if not c.isascii()]
    common = sum(c in _SYLLABLES for c in letters)
    return common >= _LEAST_COMMON * len(letters)


def _is_mac(sample: bytes, as_windows: float) -> bool:
    """Whether accented letters stand where a Mac puts them, and where Windows has hardly any."""
    return as_windows < 1 - _MOSTLY + _FEW and _share(sample, "mac_roman", _MAC) >= _MOSTLY


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
