"""An end to waiting for a server that neither answers nor goes away."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, final

_EVERY: Final = 0.25


@final
class Deadlines:
    """Shuts connections down on which an answer takes too long: who waits gets an error then.

    For libraries that wait without an end. A frozen server keeps its connections, so nothing but
    the time says that it is gone.
    """

    def __init__(self) -> None:
        self._until: dict[int, float] = {}
        self._lock, self._end = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._watch, name="palate-deadlines", daemon=True)
        self._thread.start()

    @contextmanager
    def within(self, file: int, seconds: float) -> Iterator[None]:
        """Shut the connection down if the block takes longer.

        Args:
            file: Its file descriptor, which no other thread uses meanwhile.
            seconds: So long it may take.
        """
        with self._lock:
            self._until[file] = time.monotonic() + seconds
        try:
            yield
        finally:
            with self._lock:
                self._until.pop(file, None)

    def close(self) -> None:
        """Watch no longer."""
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(_EVERY):
            with self._lock:  # held while it is shut down, lest the number be another file's by now
                now = time.monotonic()
                for file in [file for file, until in self._until.items() if until < now]:
                    del self._until[file]
                    with suppress(OSError), socket.socket(fileno=os.dup(file)) as connection:
                        connection.shutdown(socket.SHUT_RDWR)
