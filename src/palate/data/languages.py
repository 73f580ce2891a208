"""Which language texts in Latin letters are written in."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

import polars as pl

from palate.optional import has, need

LANGUAGES: Final = MappingProxyType(
    {
        "en": "English",
        "de": "German",
        "fr": "French",
        "es": "Spanish",
        "it": "Italian",
        "pt": "Portuguese",
        "nl": "Dutch",
        "sv": "Swedish",
        "da": "Danish",
        "no": "Norwegian",
        "fi": "Finnish",
        "pl": "Polish",
        "cs": "Czech",
        "sk": "Slovak",
        "hu": "Hungarian",
        "ro": "Romanian",
        "tr": "Turkish",
        "id": "Indonesian",
        "vi": "Vietnamese",
        "hr": "Croatian",
        "sl": "Slovenian",
        "lt": "Lithuanian",
        "lv": "Latvian",
        "et": "Estonian",
        "ca": "Catalan",
    }
)
"""ISO 639-1 code -> language, of those in Latin letters that are distinguished."""

_SAMPLE: Final = 2_000
_CHARACTERS: Final = 3_000
_PARTS: Final = 20
_TEXTS: Final = 10
_MOST: Final = 0.75
_FEWEST: Final = 4
"""Different words below which no language can be seen: codes such as "item 12" have letters too."""


def latin_language(texts: pl.Series) -> str:
    """The language of texts in Latin letters; empty where there are none, where none is in most, or
    where py3langid (extra `text`) is not installed.

    One title says little, so up to twenty mixtures of ten and more are judged, and three in four
    of them must be in one language.

    Args:
        texts: str [n]; the first 2,000 that are given are read.

    Cost: a second to load the model of letters, then some ten milliseconds.

    Lui and Baldwin, langid.py: an off-the-shelf language identification tool, ACL 2012.

    >>> latin_language(pl.Series(["Kaffeemaschine mit Mahlwerk", "Damenmantel aus Wolle"]))
    'German'
    """
    given = texts.drop_nulls().head(_SAMPLE).str.slice(0, _CHARACTERS).str.to_lowercase()
    words = given.filter(given.str.contains(r"\p{Latin}{3}")).to_list()
    different = given.str.extract_all(r"\p{Latin}{2,}").explode().n_unique()
    if not words or different < _FEWEST or not has("py3langid"):
        return ""
    n_parts = min(_PARTS, max(len(words) // _TEXTS, 1))
    parts = [" ".join(words[start::n_parts])[:_CHARACTERS] for start in range(n_parts)]
    found = Counter(_identifier().classify(part)[0] for part in parts)
    code, count = found.most_common(1)[0]
    return LANGUAGES[code] if count >= _MOST * found.total() else ""


@lru_cache(maxsize=1)
def _identifier() -> Any:
    langid = need("py3langid.langid", extra="text", purpose="tell the language of texts")
    identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE)
    identifier.set_languages(list(LANGUAGES))
    return identifier
