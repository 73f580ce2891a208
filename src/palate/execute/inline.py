"""Chunks in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

C = TypeVar("C")
R = TypeVar("R")


class Inline:
    """One chunk after the other in this process; memory holds one result at a time."""

    def map(self, function: Callable[[C], R], chunks: Iterable[C]) -> Iterator[R]:
        """Yield `function(chunk)` for every chunk."""
        return map(function, chunks)
