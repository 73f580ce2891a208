"""Chunks in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self, TypeVar, final

from palate.execute.processes import usable_cores

C = TypeVar("C")
R = TypeVar("R")


@final
@dataclass(frozen=True)
class Inline:
    """One chunk after the other in this process; memory holds one result at a time.

    Attributes:
        threads: Threads that numpy and scipy may use meanwhile; by default one for each core. In a
            worker that has others beside it: its share of the cores.
    """

    threads: int = field(default_factory=usable_cores)

    def map(self, function: Callable[[C], R], chunks: Iterable[C]) -> Iterator[R]:
        """Yield `function(chunk)` for every chunk."""
        return map(function, chunks)

    def __enter__(self) -> Self:
        """Nothing to keep."""
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing to let go."""
