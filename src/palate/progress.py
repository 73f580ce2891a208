"""How a run tells what it is doing: a narrow interface that the command line draws and the library
ignores.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol


class Tracker(Protocol):
    """What watches a model learn: a progress bar, TensorBoard, MLflow, Weights &
    Biases.
    """

    def row(self, values: Mapping[str, float | None]) -> None:
        """Called for every row of the curve: `step`, `epoch`, `seconds`, `loss`, `metric`."""
        ...


class Progress(Protocol):
    """Receives the begin, the steps and the end of each stage."""

    def begin(self, stage: str, total: int | None = None) -> None:
        """A stage begins; `total` steps are ahead, or an unknown number."""
        ...

    def advance(self, done: int, total: int | None = None) -> None:
        """`done` of `total` steps of the running stage are done."""
        ...

    def say(self, sentence: str) -> None:
        """Something that a person should read."""
        ...

    def note(self, words: str) -> None:
        """How the running stage is getting on, e.g. the loss of a model that learns; the next note
        replaces it.
        """
        ...

    def end(self) -> None:
        """The running stage is over."""
        ...


class Silent:
    """Says nothing."""

    def begin(self, stage: str, total: int | None = None) -> None:
        """Ignored."""

    def advance(self, done: int, total: int | None = None) -> None:
        """Ignored."""

    def say(self, sentence: str) -> None:
        """Ignored."""

    def note(self, words: str) -> None:
        """Ignored."""

    def end(self) -> None:
        """Ignored."""


@dataclass
class Stopwatch:
    """Times stages and tells a `Progress` of them.

    Attributes:
        progress: What shows it.
        rows: One row a stage: stage, seconds, peak_mb (of the process so far).
    """

    progress: Progress = field(default_factory=Silent)
    rows: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def stage(
        self, name: str, total: int | None = None
    ) -> Iterator[Callable[[int, int | None], None]]:
        """Time the body; yields the function that reports its advance."""
        self.progress.begin(name, total)
        start = time.perf_counter()
        try:
            yield self.progress.advance
        finally:
            self.progress.end()
        self.note(name, time.perf_counter() - start)

    def note(self, name: str, seconds: float) -> None:
        """A row of something that was timed elsewhere."""
        self.rows.append({"stage": name, "seconds": round(seconds, 6), "peak_mb": peak_mb()})


def peak_mb() -> float:
    """Peak resident memory of this process so far, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)
