"""Work for the executors' contract suite: functions that may travel to other processes.

They stand in a module of their own, which a worker has loaded quickly.
"""

from __future__ import annotations

import os
import signal
import time
import uuid
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from palate.errors import BadInput, SeveralProblems
from palate.seeding import generator


def squared(chunk: int) -> int:
    """The square of a number."""
    return chunk * chunk


def drawn(chunk: int) -> NDArray[np.float32]:
    """float32 [3, 4] of random numbers that depend on the chunk alone."""
    return generator(7, "contract", chunk).normal(size=(3, 4)).astype(np.float32)


def refusing(chunk: int) -> int:
    """The chunk itself; an error of our own for 3, several for 5, one of Python's for 7."""
    if chunk == 3:
        raise BadInput(
            "three is not allowed",
            where="chunk 3",
            allowed="other numbers",
            next_step="leave it out",
        )
    if chunk == 5:
        raise SeveralProblems([BadInput("five"), BadInput("still five")])
    if chunk == 7:
        raise KeyError("seven")
    return chunk


def process_of(chunk: int) -> int:
    """The id of the process that ran the chunk."""
    return os.getpid()


def killed_at_two(chunk: int) -> int:
    """The chunk itself; at 2 the process kills itself, as the system does when memory runs out."""
    if chunk == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return chunk


class StubbornError(Exception):
    """An error that can be sent to another process but not made again there."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


def stubborn(chunk: int) -> int:
    """Always a `StubbornError`."""
    raise StubbornError(chunk, chunk)


def counted(chunk: tuple[str, int, float]) -> NDArray[np.float32]:
    """float32 [40_000] that depend on the number alone; leaves a file in the folder each time it is
    asked.

    Args:
        chunk: The folder, the number, and how many seconds to take.
    """
    folder, number, seconds = chunk
    Path(folder, f"{number}-{uuid.uuid4().hex}").touch()
    time.sleep(seconds)
    return generator(7, "counted", number).normal(size=40_000).astype(np.float32)
