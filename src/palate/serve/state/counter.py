"""How often something happened: in all, and lately."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(slots=True)
class Counter:
    """A count, and the same with each event counting half as much after every half-life.

    Events may come in any order of their times: the decayed count is the same up to rounding.

    Attributes:
        count: Events.
        decayed: Sum over the events of 2^-(age / half-life), as of `time`.
        time: The latest time of an event, in seconds.

    >>> seen = Counter()
    >>> seen.add(0, half_life=10), seen.add(10, half_life=10)
    (None, None)
    >>> seen.count, seen.decayed, seen.at(20, half_life=10)
    (2, 1.5, 0.75)
    """

    count: int = 0
    decayed: float = 0.0
    time: int = 0

    def add(self, time: int, half_life: float) -> None:
        """One more event.

        Args:
            time: When, in seconds.
            half_life: In seconds, > 0.
        """
        if not self.count:
            self.decayed, self.time = 1.0, time
        elif time >= self.time:
            self.decayed = self.at(time, half_life) + 1.0
            self.time = time
        else:
            self.decayed += _left(self.time - time, half_life)
        self.count += 1

    def remove(self, time: int, half_life: float) -> None:
        """Go on as if an event that was added had not been."""
        self.count -= 1
        lost = _left(self.time - time, half_life)
        self.decayed = max(self.decayed - lost, 0.0) if self.count else 0.0

    def at(self, time: int, half_life: float) -> float:
        """The decayed count at a time, which may lie before the latest event's."""
        return self.decayed * _left(time - self.time, half_life)


def copied(counters: Mapping[str, Counter]) -> dict[str, Counter]:
    """Counters that stay as these are now."""
    return {action: Counter(c.count, c.decayed, c.time) for action, c in counters.items()}


def _left(seconds: int, half_life: float) -> float:
    exponent = -seconds / half_life
    # held where powers are finite: times may be any 64-bit number
    return float(2.0**exponent if exponent < 1000.0 else 2.0**1000)
