"""Chunks over a Ray cluster: one that runs already, or one of this machine for as long as the work
takes.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Self, TypeVar, final

from palate.errors import BadRecipe, WorkerLost
from palate.execute.processes import usable_cores
from palate.optional import need

C = TypeVar("C")
R = TypeVar("R")

_STORE_BYTES = 256 * 1024 * 1024
_PATIENCE = 10.0


@final
@dataclass
class OnRay:
    """Chunks as tasks of a Ray cluster, each on one core.

    At most two chunks a core are under way, finished ones whose turn has not come included. What a
    lost node had under way is computed again elsewhere, and nothing else is. A connection that this
    process has to a cluster is used and left open; a cluster that is started here costs some ten
    seconds, and ends with the work or with the outermost `with`.

    Attributes:
        address: Of a cluster that runs already, `"auto"` for the one of this machine; empty: one is
            started here.
        workers: Chunks that run at a time; 0 means one for each core of the cluster.
        retries: How often a chunk is computed again when the node or the worker that had it is
            lost.
    """

    address: str = ""
    workers: int = 0
    retries: int = 3
    _depth: int = field(default=0, init=False, repr=False, compare=False)
    _kept: ExitStack | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def threads(self) -> int:
        """One for each core of this machine: while this process computes, it waits for no chunk."""
        return usable_cores()

    def map(self, function: Callable[[C], R], chunks: Iterable[C]) -> Iterator[R]:
        """Yield `function(chunk)` for every chunk.

        Raises:
            BadRecipe: There is no cluster at the address.
            WorkerLost: A chunk was lost more often than `retries` allow.
            MissingExtra: Ray is not installed.
        """
        ray = need("ray", extra="ray", purpose="run chunks on a cluster")
        with self._cluster(ray):
            workers = self.workers or int(ray.cluster_resources().get("CPU", 1))
            task = ray.remote(num_cpus=1, max_retries=self.retries, retry_exceptions=False)(
                _attempt
            )
            # Into the object store once, not with every chunk: a function may carry all the data.
            shared = ray.put(function)
            yield from _in_order(
                ray, lambda chunk: task.remote(shared, chunk), iter(chunks), 2 * workers
            )

    def __enter__(self) -> Self:
        """Keep the connection, and a cluster that is started here, from the first `map` on."""
        self._depth += 1
        return self

    def __exit__(self, *error: object) -> None:
        """End what was started here, at the outermost `with`."""
        self._depth -= 1
        if not self._depth:
            self._end()

    @contextmanager
    def _cluster(self, ray: Any) -> Iterator[None]:
        """The kept connection, or one for this once."""
        if not self._depth:
            with _connected(ray, self.address, self.workers):
                yield
            return
        if self._kept is None or not ray.is_initialized():
            self._end()  # somebody else may have shut Ray down meanwhile
            kept = ExitStack()
            kept.enter_context(_connected(ray, self.address, self.workers))
            self._kept = kept
        yield

    def _end(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()


def _in_order(
    ray: Any, submit: Callable[[C], Any], chunks: Iterator[C], n_under_way: int
) -> Iterator[Any]:
    under_way: deque[Any] = deque()
    try:
        under_way.extend(submit(c) for c in islice(chunks, n_under_way))
        while under_way:
            result = _result(ray, under_way[0])
            under_way.popleft()
            under_way.extend(submit(c) for c in islice(chunks, 1))
            yield result
    finally:
        for reference in under_way:
            with suppress(Exception):  # one that is done, or whose cluster is gone, needs no ending
                ray.cancel(reference, force=True)


def _result(ray: Any, reference: Any) -> Any:
    try:
        answer = ray.get(reference)
    except ray.exceptions.RayError as cause:
        raise WorkerLost(
            "a chunk was lost with its worker or node, and again when it was repeated:"
            f" {_line(cause)}",
            where="execute",
            next_step="look at the cluster's nodes and their memory, or use fewer workers",
        ) from cause
    good, packed, failure = answer
    try:
        value = ray.cloudpickle.loads(packed)
    except Exception as cause:  # whatever a class does when it is made again
        raise WorkerLost(
            f"a worker's answer could not be read: {failure or cause}",
            next_step='set execute.kind = "inline" to see the error itself',
        ) from cause
    if good:
        return value
    raise value


def _attempt(function: Callable[[C], R], chunk: C) -> tuple[bool, bytes, str]:
    """Whether it went well, the result or the error as it is, and the error in words."""
    ray = need("ray", extra="ray", purpose="run chunks on a cluster")
    # Packed by hand: results that Ray unpacks lie read-only in its store, and its errors are
    # wrapped ones.
    try:
        return True, ray.cloudpickle.dumps(function(chunk)), ""
    except Exception as error:
        return (
            False,
            ray.cloudpickle.dumps(error),
            "".join(traceback.format_exception_only(error)).strip(),
        )


@contextmanager
def _connected(ray: Any, address: str, workers: int) -> Iterator[None]:
    if ray.is_initialized():
        yield
        return
    before, handler = dict(os.environ), signal.getsignal(signal.SIGTERM)
    _connect(ray, address, workers)
    # Ray sets variables and a handler of SIGTERM; what it set, and nothing that others set later,
    # is taken back.
    changed = {
        name: before.get(name) for name, value in os.environ.items() if before.get(name) != value
    }
    rays = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        ray.shutdown()
        for name, value in changed.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        main = threading.current_thread() is threading.main_thread()
        if main and handler is not None and signal.getsignal(signal.SIGTERM) == rays:
            signal.signal(signal.SIGTERM, handler)


def _connect(ray: Any, address: str, workers: int) -> None:
    quiet = {"log_to_driver": False, "configure_logging": False}
    if not address:
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        ray.init(
            num_cpus=workers or usable_cores(),
            include_dashboard=False,
            object_store_memory=_STORE_BYTES,
            address="local",
            **quiet,
        )
        return
    try:
        _knock(address)
        ray.init(address=address, **quiet)
    except (ConnectionError, RuntimeError, ValueError, OSError) as cause:
        raise BadRecipe(
            f"there is no Ray cluster that answers: {_line(cause)}",
            where="execute.address",
            allowed='"auto", HOST:PORT, ray://HOST:PORT, or none to start one here',
            next_step=(
                "ray start --head starts one; every node needs the same versions of Ray, Python and"
                " palate"
            ),
        ) from cause


def _knock(address: str) -> None:
    """Say at once if nothing listens there; Ray itself would wait for minutes."""
    host, colon, port = (
        address.partition("://")[2].rpartition(":") if "://" in address else address.rpartition(":")
    )
    if colon and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE).close()


def _line(cause: BaseException) -> str:
    return next((line for line in str(cause).splitlines() if line.strip()), type(cause).__name__)
