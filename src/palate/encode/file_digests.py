"""Digests of files that did not change since they were last read, recognised by size, times and
inode alone.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from palate import store
from palate.encode.row_cache import Key, RowCache, RowTable, key_of
from palate.encode.row_values import TEXT
from palate.errors import PalateError

_IDENTITY = {"part": "stamps of files", "version": 2}
_FRESH_NS = 2_000_000_000
_AT_ONCE = 4096
_NO_LIMIT = 2**63


@dataclass
class KnownDigests:
    """What is known of some files.

    The digests lie in the row cache, so that they are checked when they are read and survive any
    crash: a row's key is everything that the file system says, its text is the digest.

    Attributes:
        known: Stamp -> digest (hex).
        states: Path -> state, of files that have one.
        table: Where new ones are kept.
        new: Those that are not kept yet.
    """

    known: Mapping[Key, str]
    states: Mapping[str, Key]
    table: RowTable[str]
    new: dict[Key, str] = field(default_factory=dict)

    def digest(self, path: str) -> str | None:
        """The digest of a file that did not change; None where its bytes must be read."""
        state = self.states.get(path)
        return None if state is None else self.known.get(state)

    def learn(self, path: str, digest: str) -> None:
        """Remember a digest that was just computed."""
        state = self.states.get(path)
        if state is not None:
            self.new[state] = digest
            if len(self.new) >= _AT_ONCE:
                self.keep()

    def keep(self) -> None:
        """Write down what is new."""
        if self.new:
            self.table.put(list(self.new), self.new.values())
            self.new.clear()


@contextmanager
def known_digests(paths: Sequence[str], cache: RowCache, max_bytes: int) -> Iterator[KnownDigests]:
    """What is known of these files, open for learning.

    Args:
        paths: The files.
        cache: Where digests are looked up and kept; its statistics, which count rows, are left
            alone.
        max_bytes: Larger files have no state, whatever was once known of them.
    """
    now = time.time_ns()
    taken = {path: state for path in paths if (state := _state(path, now, max_bytes)) is not None}
    with RowCache(cache.folder).table(_IDENTITY, TEXT) as table:
        made = KnownDigests(table.get(list(dict.fromkeys(taken.values()))), taken, table)
        try:
            yield made
        finally:
            made.keep()


def digests_of(files: Sequence[Path], cache: RowCache | None = None) -> list[str]:
    """SHA-256 (hex) of the bytes of each file, which is read only if it changed.

    Args:
        files: They must be there.
        cache: Where digests are looked up and kept; by default the user's. Without a usable one all
            are read.
    """
    try:
        with known_digests([str(f) for f in files], cache or RowCache(), _NO_LIMIT) as states:
            return [_digest(file, states) for file in files]
    except PalateError:
        return [store.digest_file(file) for file in files]


def forget_digests(cache: RowCache | None = None) -> None:
    """Have every file read again when its digest is next needed.

    A state cannot show a file that was rewritten in place with as many bytes while the clock stood
    still, or on a file system that keeps no times of its own, or bytes that a bad disk changed.
    """
    (cache or RowCache()).forget(_IDENTITY)


def _digest(file: Path, states: KnownDigests) -> str:
    known = states.digest(str(file))
    if known is None:
        known = store.digest_file(file)
        states.learn(str(file), known)
    return known


def _state(path: str, now: int, max_bytes: int) -> Key | None:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    # A file that was written just now may be written again without a change of its times.
    fresh = now - max(status.st_mtime_ns, status.st_ctime_ns) < _FRESH_NS
    if fresh or not stat.S_ISREG(status.st_mode) or status.st_size > max_bytes:
        return None
    start = "" if os.path.isabs(path) else os.getcwd()
    facts = (
        start,
        path,
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )
    return key_of("\0".join(map(str, facts)).encode("utf-8", "surrogatepass"))
