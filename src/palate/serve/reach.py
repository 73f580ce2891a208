"""Whether a server answers. One that does not is left alone for a moment, so that those who can go
on without it do not wait for it, each for itself.
"""

from __future__ import annotations

import threading
import time
from typing import Final, final

_ALONE_SECONDS: Final = 0.25
"""How long it is left alone after it did not answer."""


@final
class Reach:
    """What is known of one server; threads share it.

    Args:
        try_seconds: How long one caller may try it while the others go without.
    """

    def __init__(self, try_seconds: float) -> None:
        self.away = False
        self._try_seconds, self._again = try_seconds, 0.0
        self._lock = threading.Lock()

    def may_ask(self) -> bool:
        """Whether it is there as far as is known; or it is time to see, and the caller is to."""
        if not self.away:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._again:
                return False
            self._again = now + self._try_seconds
            return True

    def failed(self) -> None:
        """It did not answer."""
        with self._lock:
            self.away, self._again = True, time.monotonic() + _ALONE_SECONDS

    def answered(self) -> None:
        """It did."""
        self.away = False
