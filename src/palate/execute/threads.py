"""The same work on many parts, side by side in threads of this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from palate.execute.processes import usable_cores

P = TypeVar("P")
R = TypeVar("R")


def on_all_cores(work: Callable[[P], R], parts: Iterable[P], threads: int = 0) -> Iterator[R]:
    """What `work` gives for each part, in order; for numpy and scipy, which let other threads run
    meanwhile.

    Args:
        work: Called with one part.
        parts: Taken one after the other.
        threads: How many parts at a time, `Executor.threads` of the executor in hand; 0: one for
            each core.
    """
    with ThreadPoolExecutor(threads or usable_cores()) as pool:
        yield from pool.map(work, parts)
