"""One thread that does in one go whatever has queued up: many callers share one transaction."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final, Generic, TypeVar, final

from palate.serve.refusals import Overloaded, Unavailable

J = TypeVar("J")
R = TypeVar("R")

_END: Final = None


@final
class GroupWorker(Generic[J, R]):
    """Jobs of many threads, done by one thread in groups, in the order in which they came.

    While one group is being done the next one gathers, so a group is as large as the work is slow:
    a single caller waits for nothing, and many share the cost of a sync to the disk.

    Args:
        work: Does a group; gives the result of each of its jobs, or the error that stopped it. An
            error that it raises is that of every job of the group.
        name: Of the thread.
        most: Most jobs of a group, >= 1.
        most_waiting: Jobs that may wait, >= 1; one more is refused.
        gather_seconds: For how long a group gathers before it is done, >= 0: the longer, the less
            often what a group costs, and the later its results.
    """

    def __init__(
        self,
        work: Callable[[Sequence[J]], Sequence[R | Exception]],
        name: str,
        most: int = 256,
        most_waiting: int = 10_000,
        gather_seconds: float = 0.0,
    ) -> None:
        self._work, self._most, self._gather_seconds = work, most, gather_seconds
        self._ending = threading.Event()
        self._waiting: queue.Queue[tuple[J, Future[R]] | None] = queue.Queue(most_waiting)
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, job: J) -> Future[R]:
        """The result, when the group of the job is done.

        Raises:
            Overloaded: Too many jobs are waiting.
            Unavailable: The worker was closed.
        """
        future: Future[R] = Future()
        with self._closing:  # nothing may come behind the end
            if self._closed:
                raise Unavailable("the service is shutting down", next_step="try again later")
            try:
                self._waiting.put_nowait((job, future))
            except queue.Full:
                raise Overloaded(
                    f"{self._waiting.maxsize} jobs are waiting", next_step="try again later"
                ) from None
        return future

    def waiting(self) -> int:
        """How many jobs wait now."""
        return self._waiting.qsize()

    def close(self) -> None:
        """Do what is waiting, then end; more is refused from now on."""
        with self._closing:
            first, self._closed = not self._closed, True
        if first:
            self._ending.set()
            self._waiting.put(_END)
        self._thread.join()

    def _run(self) -> None:
        while (job := self._waiting.get()) is not _END:
            if self._gather_seconds:
                self._ending.wait(self._gather_seconds)
            group, ended = [job], False
            while len(group) < self._most and not ended:
                try:
                    more = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if more is _END:
                    ended = True
                else:
                    group.append(more)
            self._do(group)
            if ended:
                return

    def _do(self, group: Sequence[tuple[J, Future[R]]]) -> None:
        results: Sequence[R | Exception]
        try:
            results = self._work([job for job, _ in group])
        except Exception as error:  # it belongs to those who wait, and the thread goes on
            results = [error] * len(group)
        for (_, future), result in zip(group, results, strict=True):
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
