"""HTML in texts: finding it and taking it out."""

from __future__ import annotations

import html
import re

import polars as pl

TAG = r"<!--(?s:.*?)-->|</?[A-Za-z][A-Za-z0-9-]*(?:\s[^<>]*)?/?>"
"""A comment or a tag; "<3" and "a < b" are neither."""

ENTITY = r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,8}\d{0,2});"
"""A character reference such as `&amp;` or `&#39;`."""

_HIDDEN = ("script", "style", "noscript", "template", "svg", "iframe")
_SIGNS = re.compile(
    rf"(?P<kept>{TAG}|<!DOCTYPE|<(?:script|style)\b|{ENTITY})|(?P<sign>[<&])",
    re.IGNORECASE,
)
_TAG = re.compile(TAG)
_ENTITY = re.compile(ENTITY)
_BLOCK = re.compile(r"(?i)</?(?:p|br|div|li|ul|ol|tr|td|th|h[1-6]|script|style)\b[^<>]*>")
_MOST_LAYERS = 3


def has_markup(texts: pl.Series) -> pl.Series:
    """bool [n_rows], true where a text holds a tag, a comment or a character reference; null texts
    give false.
    """
    return texts.str.contains(f"{TAG}|{ENTITY}").fill_null(False)


def without_markup(text: str) -> str:
    """A text without tags, scripts and styles, its character references written as characters.

    It is parsed as a browser would; what is no tag ("a < b") and no reference ("&copy=2" in an
    address) stays. Markup that was escaped once more ("&lt;b&gt;") goes as well.

    >>> without_markup("Salt &amp; <b>Pepper</b><br>fresh")
    'Salt & Pepper fresh'
    >>> without_markup("I <3 this, 2 < 3")
    'I <3 this, 2 < 3'
    """
    for _ in range(_MOST_LAYERS):
        if not _TAG.search(text) and not _ENTITY.search(text):
            break
        text = _parsed(text)
    return text


def _parsed(text: str) -> str:
    from selectolax.lexbor import LexborHTMLParser

    blanks = _BLOCK.sub(lambda m: f" {m[0]}", text)
    # what only looks like the beginning of a tag or a reference is written as itself
    plain = _SIGNS.sub(lambda m: m["kept"] or html.escape(m["sign"]), blanks)
    tree = LexborHTMLParser(plain)
    tree.strip_tags(list(_HIDDEN))
    body = tree.body
    return body.text(deep=True) if body is not None else ""
