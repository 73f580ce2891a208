"""How much of a service's log a run has learnt from, which must not count twice."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from palate.event_store import EventStore, StoredEvent
from palate.runs.open import OpenedRun
from palate.runs.writer import replacing

LIVE: Final = "live.json"
"""File of a run that learnt from a live log."""
_ANCHORS: Final = 20


@dataclass(frozen=True)
class TakenUp:
    """What `live.json` says.

    Attributes:
        offset: Events up to this one are in the run's log.
        anchors: Offset and a digest of the name of some of the last of these events: the log is the
            one that was learnt from if it has one of them there.
    """

    offset: int
    anchors: tuple[tuple[int, str], ...]


def note_taken_up(run: Path, events: Sequence[StoredEvent]) -> None:
    """Note in a finished run that its log has these events of a service, and all before them.

    Args:
        run: The run directory.
        events: In the order of the log, at least the last ones.
    """
    last = events[-_ANCHORS:]
    taken = TakenUp(last[-1].offset if last else 0, tuple(map(_anchor, last)))
    with replacing(run, [LIVE]) as draft:
        (draft / LIVE).write_bytes(msgspec.json.encode(taken))


def taken_up(opened: OpenedRun, store: EventStore) -> int:
    """Offset of the last event of this log that is in the run's own; 0 for none, and where the run
    learnt from another log.
    """
    if LIVE not in opened.manifest.files:
        return 0
    found = msgspec.json.decode(opened.file(LIVE).read_bytes(), type=TakenUp)
    for offset, digest in reversed(found.anchors):
        there = store.read(offset - 1, 1)
        if there and _anchor(there[0]) == (offset, digest):
            return found.offset
    return 0


def _anchor(stored: StoredEvent) -> tuple[int, str]:
    name = stored.event_id.encode("utf-8", "surrogatepass")
    return stored.offset, hashlib.sha256(name).hexdigest()[:16]
