"""What stands above a list of recommended items."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ListHeading:
    """A heading for people.

    Attributes:
        words: A few words that name what the items have in common; not empty.
        sentence: One sentence about it; not empty.
    """

    words: str
    sentence: str
