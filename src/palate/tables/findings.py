"""One thing that a check of the data found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """A fault or oddity of the data, counted and shown by examples.

    Attributes:
        code: Short stable name, e.g. `"duplicate-interactions"`.
        severity: `"error"` (cannot be used), `"warning"` (will distort results) or `"note"`.
        message: One sentence for people, with the count.
        where: File and column, or table.
        count: How many rows or values.
        examples: Up to five of them, with their row (counted from 1) where there is one.
        advice: What to write in the recipe, or to do with the source.
    """

    code: str
    severity: Literal["error", "warning", "note"]
    message: str
    where: str = ""
    count: int = 0
    examples: tuple[str, ...] = ()
    advice: str = ""
