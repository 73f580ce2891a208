"""What could not be encoded when it came is encoded when its encoder is back."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final, final

_LOG: Final = logging.getLogger("palate.serve")


@final
class Again:
    """Looks now and then whether something is missing, and tries it again.

    Args:
        missing: Whether something is.
        renew: Tries it.
        seconds: Between two looks, > 0.
    """

    def __init__(
        self, missing: Callable[[], bool], renew: Callable[[], None], seconds: float
    ) -> None:
        self._missing, self._renew, self._seconds = missing, renew, seconds
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="palate-again", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no more; it does not wait for what hangs."""
        self._end.set()
        self._thread.join(timeout=1.0)

    def _run(self) -> None:
        while not self._end.wait(self._seconds):
            if not self._missing():
                continue
            try:
                self._renew()
            except Exception:  # there is a next time
                _LOG.exception("what could not be encoded cannot be tried again")
