"""How many requests a second each key may make."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol, final

BURST_SECONDS: Final = 2.0


class KeyRates(Protocol):
    """What says when a key may ask."""

    async def wait(self, key: str) -> float:
        """Seconds until the key may ask again; 0 if it may now, which is counted."""
        ...


@final
class Rates:
    """A bucket of tokens for each key: it fills at the rate, and holds twice as much.

    Args:
        per_second: Requests a second, > 0.
        now: Seconds that never go back.
    """

    def __init__(self, per_second: float, now: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._now = per_second, now
        self._most = max(per_second * BURST_SECONDS, 1.0)
        self._left: dict[str, tuple[float, float]] = {}

    async def wait(self, key: str) -> float:
        """Seconds until the key may ask again; 0 if it may now, which is counted."""
        return self.taken(key)

    def taken(self, key: str) -> float:
        """What `wait` gives; it takes no time."""
        now = self._now()
        left, then = self._left.get(key, (self._most, now))
        left = min(self._most, left + (now - then) * self._rate)
        if left >= 1:
            self._left[key] = (left - 1, now)
            return 0.0
        self._left[key] = (left, now)
        return (1 - left) / self._rate
