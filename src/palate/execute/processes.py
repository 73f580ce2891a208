"""Chunks over worker processes of this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Self, TypeVar, final

from palate.errors import WorkerLost

C = TypeVar("C")
R = TypeVar("R")


@final
@dataclass
class Processes:
    """Chunks over worker processes, started fresh (`spawn`) so that threads of this process cannot
    hang them.

    At most two chunks a worker are under way. A worker costs about half a second to start: use it
    for chunks of a second or more, or keep the workers (`with Processes() as work:`).

    Attributes:
        workers: How many processes; 0 means one for each core.
    """

    workers: int = 0
    _depth: int = field(default=0, init=False, repr=False, compare=False)
    _kept: ProcessPoolExecutor | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def threads(self) -> int:
        """One for each core: while this process computes, the workers wait."""
        return usable_cores()

    def map(self, function: Callable[[C], R], chunks: Iterable[C]) -> Iterator[R]:
        """Yield `function(chunk)` for every chunk.

        Raises:
            WorkerLost: A worker died, by lack of memory or by somebody's hand. Kept workers are
                started again by the next `map`.
        """
        with self._pool() as pool:
            try:
                yield from _in_order(pool, function, iter(chunks), 2 * self._n_workers())
            except BrokenProcessPool as cause:
                self._end()
                raise _worker_lost(cause) from cause

    def __enter__(self) -> Self:
        """Keep the workers from the first `map` on."""
        self._depth += 1
        return self

    def __exit__(self, *error: object) -> None:
        """End the workers, at the outermost `with`."""
        self._depth -= 1
        if not self._depth:
            self._end()

    def _n_workers(self) -> int:
        return self.workers or usable_cores()

    @contextmanager
    def _pool(self) -> Iterator[ProcessPoolExecutor]:
        """The kept pool, or one for this once."""
        if self._depth:
            self._kept = self._kept or self._started()
            yield self._kept
            return
        pool = self._started()
        try:
            yield pool
        finally:
            pool.shutdown(cancel_futures=True)

    def _end(self) -> None:
        pool, self._kept = self._kept, None
        if pool is not None:
            pool.shutdown(cancel_futures=True)

    def _started(self) -> ProcessPoolExecutor:
        context: Any = multiprocessing.get_context("spawn")
        # Ctrl-C reaches the workers too: they go at once and without a word, this process tells
        # what happened
        quiet = (signal.SIGINT, signal.SIG_DFL)
        return ProcessPoolExecutor(
            self._n_workers(), mp_context=context, initializer=signal.signal, initargs=quiet
        )


def _in_order(
    pool: ProcessPoolExecutor, function: Callable[[C], R], chunks: Iterator[C], n_under_way: int
) -> Iterator[R]:
    under_way: deque[Future[R]] = deque(
        pool.submit(function, c) for c in islice(chunks, n_under_way)
    )
    try:
        while under_way:
            result = under_way.popleft().result()
            under_way.extend(pool.submit(function, c) for c in islice(chunks, 1))
            yield result
    finally:
        for future in under_way:  # a kept pool shall not work on what is no longer awaited
            future.cancel()


def usable_cores() -> int:
    """Cores that this process may use, which are not always all of them."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _worker_lost(cause: BrokenProcessPool) -> WorkerLost:
    # the pool gives a cause of its own when an answer came but could not be read here
    lines = [line for line in str(cause.__cause__ or "").splitlines() if line.strip("'\"")]
    if lines:
        return WorkerLost(
            f"a worker's answer could not be read: {lines[-1]}",
            next_step='set execute.kind = "inline" to see the error itself',
        )
    return WorkerLost(
        "a worker process ended without an answer: it was killed, ran out of memory, or could not"
        " start",
        next_step=(
            'use fewer workers, or execute.kind = "inline"; a script that starts workers needs '
            'its own code under `if __name__ == "__main__":`'
        ),
    )
