"""Texts without personal data: each finding is replaced by its kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, get_args

from palate.protect.privacy import bank_numbers, national_ids, network, phones
from palate.protect.privacy.pattern import Kind, Pattern
from palate.protect.privacy.plain_text import plain_text

KINDS: Final[tuple[Kind, ...]] = tuple(k for k in get_args(Kind) if k != "name")
"""What patterns find."""


@dataclass(frozen=True)
class Found:
    """Personal data in a text.

    Attributes:
        kind: What it is.
        start: Its first letter.
        end: Behind its last.
    """

    kind: Kind
    start: int
    end: int


@dataclass(frozen=True)
class Scrubbed:
    """Texts without what was found in them.

    Attributes:
        texts: The texts, in their order.
        counts: Kind -> findings.
        touched: Texts in which something was found.
    """

    texts: tuple[str, ...]
    counts: Mapping[str, int]
    touched: int


def found_in(text: str, kinds: Collection[Kind] = KINDS) -> tuple[Found, ...]:
    """Personal data in a text, from left to right; where two overlap, the surer one.

    >>> [(one.kind, one.start) for one in found_in("mail ann@example.org")]
    [('email', 5)]
    """
    plain = plain_text(text)
    rest, found = plain.text, list[Found]()
    for pattern in _patterns():
        if pattern.kind not in kinds:
            continue
        spans = tuple(pattern.spans(rest))
        found += [Found(pattern.kind, *plain.original(*span)) for span in spans]
        # later patterns see no letter of it
        rest = _replaced(rest, [(start, end, "\x00" * (end - start)) for start, end in spans])
    return tuple(sorted(found, key=lambda one: one.start))


def scrubbed(texts: Iterable[str], kinds: Collection[Kind] = KINDS) -> Scrubbed:
    """Replace each finding by its kind in square brackets.

    >>> scrubbed(["call +49 89 1234567 now"]).texts
    ('call [phone] now',)
    """
    done, counts, touched = list[str](), Counter[str](), 0
    for text in texts:
        found = found_in(text, kinds)
        done.append(_replaced(text, ((one.start, one.end, f"[{one.kind}]") for one in found)))
        counts.update(one.kind for one in found)
        touched += bool(found)
    return Scrubbed(tuple(done), dict(counts), touched)


def _replaced(text: str, parts: Iterable[tuple[int, int, str]]) -> str:
    """The text with other words from each start to its end."""
    said, at = list[str](), 0
    for start, end, instead in parts:
        said += [text[at:start], instead]
        at = end
    return "".join([*said, text[at:]])


@cache
def _patterns() -> tuple[Pattern, ...]:
    """All, the surest first."""
    return (
        *network.patterns(),
        *bank_numbers.patterns(),
        *national_ids.patterns(),
        *phones.patterns(),
    )
