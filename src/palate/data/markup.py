"""HTML in texts: finding it and taking it out."""

from __future__ import annotations

import html
import re

import polars as pl

TAG = r"(?s)<!--.*?-->|</?[A-Za-z][A-Za-z0-9-]*(?:\s[^<>]*)?/?>"
"""A comment or a tag; "<3" and "a < b" are neither."""

ENTITY = r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,8}\d{0,2});"
"""A character reference such as `&amp;` or `&#39;`."""

_HIDDEN = re.compile(r"(?is)<(script|style)\b.*?(?:</\1\s*>|\Z)")
_TAG = re.compile(TAG)
_ENTITY = re.compile(ENTITY)
_BLOCK = re.compile(r"(?i)</?(?:p|br|div|li|ul|ol|tr|td|h[1-6])\b[^<>]*>")


def has_markup(texts: pl.Series) -> pl.Series:
    """bool [n_rows], true where a text holds a tag, a comment or a character reference; null texts
    give false.
    """
    return texts.str.contains(f"{TAG}|{ENTITY}").fill_null(False)


def without_markup(text: str) -> str:
    """A text without tags, scripts and styles, its character references written as characters.

    >>> without_markup("Salt &amp; <b>Pepper</b><br>fresh")
    'Salt & Pepper fresh'
    >>> without_markup("I <3 this, 2 < 3")
    'I <3 this, 2 < 3'
    """
    plain = _TAG.sub("", _BLOCK.sub(" ", _HIDDEN.sub(" ", text)))
    # Twice, because scraped texts are often escaped twice ("&amp;amp;"); html.unescape alone would
    # also turn "&copy" without a semicolon, which occurs in addresses.
    for _ in range(2):
        plain = _ENTITY.sub(lambda m: html.unescape(m[0]), plain)
    return plain
