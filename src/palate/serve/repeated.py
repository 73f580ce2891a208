"""Work that is done again and again beside a service."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final, final

from palate.serve.refusals import Unavailable

_LOG: Final = logging.getLogger("palate.serve")


@final
class Repeated:
    """A thread that does the same thing until it is closed.

    Args:
        work: Whatever it raises ends neither the thread nor the service: a server that does not
            answer is noted once, until it answers.
        name: Of the thread.
        seconds: Between two times.
    """

    def __init__(self, work: Callable[[], None], name: str, seconds: float) -> None:
        self._work, self._seconds = work, seconds
        self._end, self._away = threading.Event(), ""
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it; what was begun is finished."""
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(self._seconds):
            try:
                self._work()
            except Unavailable as error:
                if error.where != self._away:
                    _LOG.warning("%s", error)
                self._away = error.where
            except Exception:  # there is a next time
                _LOG.exception("%s failed", self._thread.name)
            else:
                self._away = ""
