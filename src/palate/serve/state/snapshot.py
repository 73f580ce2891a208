"""The state on disk, so that a start need not read the whole log again.

A snapshot saves time and nothing else: one that is missing, damaged, of other settings or older
than an erasure is passed over, and the log is read from its beginning.
"""

from __future__ import annotations

import hashlib
import logging
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

from palate.data.writers.whole import whole_file
from palate.event_store import EventStore
from palate.serve.state.live import Folded, StateSettings, replay

_LOG: Final = logging.getLogger("palate.serve")
_DIGEST_BYTES: Final = 32


@dataclass(frozen=True)
class Snapshot:
    """What the file holds, behind the SHA-256 of its bytes.

    Attributes:
        erasures: How many times the log had been erased from.
        folded: The state, with its offset and settings.
        version: Of this form.
    """

    erasures: int
    folded: Folded
    version: Literal[1] = 1


def write_snapshot(path: Path, folded: Folded, store: EventStore) -> None:
    """Put the state in place of an older one, in one step.

    Raises:
        OSError: The disk is full or broken; the older one stays.
    """
    encoded = msgspec.msgpack.encode(Snapshot(store.erasures(), folded))
    with whole_file(path) as file:
        file.write(hashlib.sha256(encoded).digest())
        file.write(encoded)


def drop_snapshot(path: Path) -> None:
    """Take it away, since a user's events were erased that are in it."""
    with suppress(FileNotFoundError):
        path.unlink()


def opened_state(path: Path, store: EventStore, settings: StateSettings) -> Folded:
    """The state of the whole log: the snapshot, if there is a good one, and what came after it."""
    folded = _read(path, store, settings) or Folded(settings)
    replay(folded, store)
    return folded


def _read(path: Path, store: EventStore, settings: StateSettings) -> Folded | None:
    try:
        stored = path.read_bytes()
    except FileNotFoundError:
        return None
    digest, encoded = stored[:_DIGEST_BYTES], stored[_DIGEST_BYTES:]
    if hashlib.sha256(encoded).digest() != digest:
        _LOG.warning("%s is damaged; the log is read from its beginning", path)
        return None
    try:
        found = msgspec.msgpack.decode(encoded, type=Snapshot)
    except msgspec.ValidationError:  # another version of palate wrote it
        return None
    good = found.erasures == store.erasures() and found.folded.settings == settings
    return found.folded if good and found.folded.offset <= store.last_offset() else None
