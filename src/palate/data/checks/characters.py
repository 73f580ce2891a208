"""HTML, control characters and wrongly decoded characters in texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import polars as pl

from palate.data.checks.view import View
from palate.data.markup import has_markup
from palate.tables import Finding

CONTROL: Final = (
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u{200b}\u{2028}\u{2029}\u{202a}-\u{202e}"
    r"\u{2066}-\u{2069}\u{feff}\u{fffd}]"
)
"""Control characters but tab and line ends, invisible and direction marks, and the mark of what was
lost."""

MOJIBAKE: Final = (
    r"[ÃÂ][\u{80}-\u{bf}]|â€|ï»¿|[ÐÑ][\u{80}-\u{bf}][ÐÑ]"
    r"|Ã[\u{152}\u{160}\u{17d}\u{192}\u{2c6}\u{201a}-\u{203a}]"
)
"""What UTF-8 looks like when it was read as Latin-1 or Windows-1252, e.g. "FranÃ§ois"."""

_RULES: Final[tuple[tuple[str, str, str, Callable[[pl.Series], pl.Series]], ...]] = (
    ("html", "hold HTML tags or character references", "[clean] strip_html = true", has_markup),
    (
        "control-characters",
        "hold control or invisible characters, or the mark of a lost one",
        "[clean] collapse_space = true takes control characters out",
        lambda texts: texts.str.contains(CONTROL).fill_null(False),
    ),
    (
        "mojibake",
        "were decoded wrongly once, and hold such as Ã© for é",
        "[clean] repair_text = true, or write the source again with the right encoding",
        lambda texts: texts.str.contains(MOJIBAKE).fill_null(False),
    ),
)


def characters(view: View) -> Iterator[Finding]:
    """A warning for each field of a catalogue with HTML, control characters or wrongly decoded
    characters.
    """
    if view.items is None:
        return
    for name in view.items.text_fields():
        texts = view.items.texts(name)
        for code, what, advice, wrong in _RULES:
            rows = wrong(texts).arg_true()
            if len(rows):
                yield Finding(
                    code,
                    "warning",
                    f"of {texts.count():,} texts, {len(rows):,} {what}",
                    view.items.place.column(name),
                    len(rows),
                    view.items.examples(rows, name),
                    advice,
                )
