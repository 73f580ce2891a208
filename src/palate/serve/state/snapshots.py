"""Snapshots now and then, by a thread of its own: clients whose events come in wait for none."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, final

from palate.errors import PalateError
from palate.event_store import EventStore, StoredEvent
from palate.serve.state.live import LiveState
from palate.serve.state.snapshot import Erased, drop_snapshot, write_snapshot

_LOG: Final = logging.getLogger("palate.serve")

SNAPSHOT_EVERY: Final = 20_000
"""New events after which the state is written again, or as many as there are users: what a start
has to read, at most, and what writing may cost."""
_REST: Final = 0.002
"""Seconds between two parts of a snapshot, in which others use the processor."""


@final
class Snapshots:
    """Writes the state now and then (a `palate.serve.events.log.Follower`, behind the state).

    Args:
        path: The file.
        state: The state.
        store: The log.
        every: New events between two snapshots, at least.
    """

    def __init__(
        self, path: Path, state: LiveState, store: EventStore, every: int = SNAPSHOT_EVERY
    ) -> None:
        self._path, self._state, self._store, self._every = path, state, store, every
        self._since = 0
        self._wanted = self._ending = self._erasing = False
        self._wake, self._file = threading.Condition(), threading.Lock()
        self._thread: threading.Thread | None = None

    def follow(self, events: Sequence[StoredEvent]) -> None:
        """Count them, and have the state written when there are enough."""
        self._since += len(events)
        if self._since >= max(self._every, self._state.n_users):
            self._since = 0
            self._begin()

    def erase(self, user: str, events: Sequence[StoredEvent]) -> None:
        """Take the snapshot away, which has the events in it; one that is being written ends."""
        self._erasing = True
        with self._file:
            drop_snapshot(self._path)
            self._erasing = False

    def close(self) -> None:
        """Write the state of now, and end."""
        with self._wake:
            self._ending = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()
        self._write()

    def _begin(self) -> None:
        with self._wake:
            self._wanted = True
            self._wake.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="palate-snapshots", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._wanted or self._ending)
                if self._ending:
                    return
                self._wanted = False
            self._write()

    def _write(self) -> None:
        """Write; without a disk to write to, the next start takes longer."""
        try:
            with self._file:
                write_snapshot(self._path, self._state, self._store, self._rest)
        except Erased:
            return  # the next one is without what was erased
        except (OSError, PalateError) as error:
            _LOG.warning("the state cannot be written to %s: %s", self._path, error)

    def _rest(self) -> None:
        if self._erasing:
            raise Erased
        if not self._ending:
            time.sleep(_REST)
