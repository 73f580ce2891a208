"""The same work on many parts, side by side in threads of this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from typing import Any, TypeVar

from palate.execute.processes import usable_cores

P = TypeVar("P")
R = TypeVar("R")


def on_all_cores(work: Callable[[P], R], parts: Iterable[P], threads: int = 0) -> Iterator[R]:
    """What `work` gives for each part, in order; for numpy and scipy, which let other threads run
    meanwhile. Products of matrices have one thread each until all parts are done: with more they
    would wait for each other.

    Args:
        work: Called with one part.
        parts: Taken one after the other.
        threads: How many parts at a time, `Executor.threads` of the executor in hand; 0: one for
            each core.
    """
    with one_thread_each(), ThreadPoolExecutor(threads or usable_cores()) as pool:
        yield from pool.map(work, parts)


@dataclass
class _Users:
    """How many are inside `one_thread_each`; the last one to leave puts back what was."""

    lock: Lock = field(default_factory=Lock)
    inside: int = 0
    undo: ExitStack = field(default_factory=ExitStack)


_USERS = _Users()


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Inside, BLAS of this process has no threads of its own, for many small products and for work
    in threads: those of BLAS spin for a while after each product, on the cores of the others.
    """
    with _USERS.lock:
        if not _USERS.inside:
            _USERS.undo.enter_context(_blas().limit(limits=1, user_api="blas"))
        _USERS.inside += 1
    try:
        yield
    finally:
        with _USERS.lock:
            _USERS.inside -= 1
            if not _USERS.inside:
                _USERS.undo.close()


@cache
def _blas() -> Any:
    """The libraries of this process that have threads of their own, looked for once, for that takes
    milliseconds.
    """
    import scipy.linalg  # noqa: F401, it brings a BLAS of its own
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
