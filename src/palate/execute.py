"""Run chunks of work, here or in other processes; the results come back in the order of the chunks.

A function handed to `map` must be a module-level one (it may travel to another process) and depend on its
chunk alone, so that every executor gives the same bytes.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from palate.errors import BadRecipe

C = TypeVar("C")
R = TypeVar("R")


class Executor(Protocol):
    """What all executors promise: the results of `function` over `chunks`, in order; the first error is raised."""

    def map(self, function: Callable[[C], R], chunks: Iterable[C]) -> Iterator[R]:
        """Yield `function(chunk)` for every chunk."""
        ...


class Inline:
    """One chunk after the other in this process; lazily, so memory holds one result at a time."""

    def map(self, function: Callable[[C], R], chunks: Iterable[C]) -> Iterator[R]:
        """Yield `function(chunk)` for every chunk."""
        return map(function, chunks)


@dataclass(frozen=True)
class Processes:
    """Chunks over worker processes, started fresh (`spawn`) so that threads of this process cannot hang them.

    Attributes:
        workers: How many processes; 0 means one for each core.
    """

    workers: int = 0

    def map(self, function: Callable[[C], R], chunks: Iterable[C]) -> Iterator[R]:
        """Yield `function(chunk)` for every chunk."""
        workers = self.workers or os.cpu_count() or 1
        context: Any = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=context) as pool:
            yield from pool.map(function, chunks)


def executor(kind: Literal["inline", "processes"] = "inline", workers: int = 0) -> Executor:
    """The executor that a recipe names.

    Raises:
        BadRecipe: There is no such executor.
    """
    if kind == "inline":
        return Inline()
    if kind == "processes":
        return Processes(workers)
    raise BadRecipe(f'there is no executor "{kind}"', where="execute.kind", allowed="inline, processes")
