"""A formula with its indices set low."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

# Only after one capital: a model may be called text_kernel.
_INDEX = re.compile(r"(?<=\b[A-Z])_\{?(\w+)\}?")


def formula(text: str) -> Markup:
    """`Z_text` with "text" as an index, and `*` as a dot.

    >>> formula("R = a*Z_U + c")
    Markup('R = a\N{MIDDLE DOT}Z<sub>U</sub> + c')
    """
    dotted = re.sub(r"\s*\*\s*", "\N{MIDDLE DOT}", text)
    out, at = Markup(), 0
    for index in _INDEX.finditer(dotted):
        out += escape(dotted[at : index.start()]) + Markup("<sub>{}</sub>").format(index.group(1))
        at = index.end()
    return out + escape(dotted[at:])
