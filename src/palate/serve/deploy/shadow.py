"""Models that are asked besides the one that answers; no one sees what they say."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, final

from palate.serve.deploy.deployments import DeployedNow
from palate.serve.engine.answers import Answer, ListRequest

_LOG: Final = logging.getLogger("palate.serve")
_END: Final = None


@dataclass
class ShadowFigures:
    """How a shadow does beside what people were shown, since the start.

    Attributes:
        lists: Lists that it made.
        failed: Lists that it could not make.
        overlap: Sum over its lists of the share of the shown items that it has too.
        seconds: Sum of the time that they took.
        slowest: The longest of these times.
    """

    lists: int = 0
    failed: int = 0
    overlap: float = 0.0
    seconds: float = 0.0
    slowest: float = 0.0

    def add(self, overlap: float, seconds: float) -> None:
        """One more list."""
        self.lists += 1
        self.overlap += overlap
        self.seconds += seconds
        self.slowest = max(self.slowest, seconds)


@dataclass(frozen=True, eq=False)
class _Shown:
    wanted: ListRequest
    answer: Answer
    shadows: Sequence[DeployedNow] = field(default_factory=tuple)


@final
class Shadows:
    """One thread asks the shadows for lists that were shown just before.

    Where lists are shown more quickly than shadows can answer, some are passed over: people never
    wait for a shadow, but it takes processor time from what answers.

    Args:
        listed: The deployed models.
        most_waiting: Lists that may wait, >= 1.
    """

    def __init__(self, listed: Callable[[], Sequence[DeployedNow]], most_waiting: int = 64) -> None:
        self._listed = listed
        self._waiting: queue.Queue[_Shown | None] = queue.Queue(most_waiting)
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self.figures: dict[str, ShadowFigures] = {}
        self.passed_over = 0

    def ask(self, wanted: ListRequest, answer: Answer) -> None:
        """Ask them later, if there are any and not too much waits."""
        shadows = [one for one in self._listed() if one.use == "shadow"]
        if not shadows:
            return
        self._start()
        try:
            self._waiting.put_nowait(_Shown(wanted, answer, shadows))
        except queue.Full:
            self.passed_over += 1

    def settle(self) -> None:
        """Wait until all that waits is asked."""
        self._waiting.join()

    def close(self) -> None:
        """Ask no more."""
        with self._starting:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._waiting.put(_END)
            thread.join()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="palate-shadows", daemon=True
                )
                self._thread.start()

    def _run(self) -> None:
        while (shown := self._waiting.get()) is not _END:
            for shadow in shown.shadows:
                self._compare(shadow, shown)
            self._waiting.task_done()
        self._waiting.task_done()

    def _compare(self, shadow: DeployedNow, shown: _Shown) -> None:
        figures = self.figures.setdefault(shadow.deployment.name, ShadowFigures())
        started = time.perf_counter()
        try:
            answer = shadow.model.recommend(shown.wanted)
        except Exception:  # whatever a model that is tried out may raise
            _LOG.exception("the shadow %s cannot answer", shadow.deployment.name)
            figures.failed += 1
            return
        figures.add(_overlap(shown.answer, answer), time.perf_counter() - started)


def _overlap(shown: Answer, other: Answer) -> float:
    """The share of the shown items that the other list has too; 1 where nothing was shown."""
    items = {one.item for one in shown.items}
    return len(items & {one.item for one in other.items}) / len(items) if items else 1.0
