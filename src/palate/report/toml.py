"""A TOML text with its keys, strings and comments in their own colours."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_TOKENS = re.compile(
    r"""(?P<s>\"\"\"[\s\S]*?\"\"\"|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'[^'\n]*')"""
    r"""|(?P<c>\#[^\n]*)"""
    r"""|(?P<h>^[ \t]*\[\[?[^\]\n]*\]\]?)"""
    r"""|(?P<i>^[ \t]*[A-Za-z0-9_.-]+(?=[ \t]*=))"""
    r"""|(?P<n>(?<![\w.])[+-]?\d[\d_.eE+-]*|\b(?:true|false)\b)""",
    re.MULTILINE,
)


def coloured(text: str) -> Markup:
    """Every token in a `span` whose class is its kind: s, c, h, i or n.

    >>> coloured('a = "<"')
    Markup('<span class="i">a</span> = <span class="s">&#34;&lt;&#34;</span>')
    """
    out, at = Markup(), 0
    for token in _TOKENS.finditer(text):
        out += escape(text[at : token.start()])
        out += Markup('<span class="{}">{}</span>').format(token.lastgroup, token.group())
        at = token.end()
    return out + escape(text[at:])
