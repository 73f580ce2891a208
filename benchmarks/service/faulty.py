"""Calls on files that fail, one after another: `faulty.c`, compiled and preloaded."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path

SOURCE = Path(__file__).with_name("faulty.c")


class How(IntEnum):
    """What becomes of the call."""

    ERROR_ONCE = 0
    ERROR_FROM = 1
    """This one and all after it fail."""
    HALF_A_WRITE = 2
    KILL = 3


def compiler() -> str | None:
    """A C compiler of this machine, if it is a Linux that has one."""
    return shutil.which("cc") if sys.platform == "linux" else None


def compiled(folder: Path) -> Path:
    """The library, made in the folder."""
    library = folder / "faulty.so"
    words = [compiler() or "cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(words, check=True, capture_output=True)
    return library


def preloaded(library: Path, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run Python on the words with the library before all others."""
    return subprocess.run(
        [sys.executable, *words],
        env={**os.environ, "LD_PRELOAD": str(library), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


class Faults:
    """The library, in a process that has it."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None)
        self._library.faulty_arm.argtypes = (
            ctypes.c_char_p,
            ctypes.c_long,
            ctypes.c_int,
            ctypes.c_int,
        )
        self._library.faulty_disarm.restype = ctypes.c_long

    def arm(self, folder: Path, number: int, how: How, error: int) -> None:
        """From now on count the calls on files below the folder; that number fails."""
        self._library.faulty_arm(os.fsencode(folder.resolve()), number, int(how), error)

    def disarm(self) -> int:
        """Fail no more; how many calls there were."""
        return int(self._library.faulty_disarm())
