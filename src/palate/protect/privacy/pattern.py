"""A kind of personal data as an expression and a check."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["email", "phone", "iban", "card", "national id", "ip", "key", "token"]

NEAR: Final = 40
"""Letters before a number in which a word may say what it is."""


MOST_CHECKS: Final = 200
"""Candidates of a text that are checked; those after them count as found."""


@dataclass(frozen=True)
class Pattern:
    """Finds one kind.

    Attributes:
        kind: What it finds.
        expression: Candidates; each repetition in it has an upper limit, so that no text is slow.
        holds: Whether a candidate is one, e.g. by its checksum.
        group: The group of the expression that is the finding.
        needs: Letters of which a text has to have one, so that others are not searched.
    """

    kind: Kind
    expression: re.Pattern[str]
    holds: Callable[[re.Match[str]], bool] = lambda _: True
    group: int | str = 0
    needs: str = ""

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Start and end of each finding."""
        if self.needs and not any(letter in text for letter in self.needs):
            return
        at = checks = 0
        while found := self.expression.search(text, at):
            checks += 1
            # a text made of candidates would be slow: what is not checked any more counts as one
            if checks > MOST_CHECKS or self.holds(found):
                yield found.span(self.group)
                at = max(found.end(self.group), at + 1)
            else:
                at = found.start() + 1


def said_before(found: re.Match[str], words: re.Pattern[str]) -> bool:
    """Whether one of the words stands shortly before."""
    start = found.start()
    return words.search(found.string, max(0, start - NEAR), start) is not None


def digits(text: str) -> str:
    """The digits alone.

    >>> digits("4111-1111 1")
    '411111111'
    """
    return "".join(letter for letter in text if letter.isdecimal())
