"""How much of a time is left, and whether one more step fits into it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Budget:
    """The seconds that something may take; they run from when this is made.

    Attributes:
        seconds: How many there are in all.
        now: Tells the time; another one in tests.
    """

    seconds: float
    now: Callable[[], float] = time.monotonic
    _start: float = field(init=False)

    def __post_init__(self) -> None:
        self._start = self.now()

    @property
    def spent(self) -> float:
        """Seconds since the start."""
        return self.now() - self._start

    @property
    def left(self) -> float:
        """Seconds until the end; negative behind it."""
        return self.seconds - self.spent

    def part(self, share: float) -> Budget:
        """A budget of this share of what is left, which runs from now on.

        >>> Budget(10.0, lambda: 0.0).part(0.5).seconds
        5.0
        """
        return Budget(max(share * self.left, 0.0), self.now)

    def with_at_least(self, share: float) -> Budget:
        """The same, or one that runs from now on with this share of the seconds, if less is left.

        >>> now = [0.0]
        >>> budget = Budget(10.0, lambda: now[0])
        >>> now[0] = 9.0
        >>> budget.with_at_least(0.5).left, budget.with_at_least(0.1) is budget
        (5.0, True)
        """
        wanted = share * self.seconds
        return self if math.isinf(self.seconds) or self.left >= wanted else Budget(wanted, self.now)

    def fits(self, expected: float, share: float = 1.0) -> bool:
        """Whether something that takes `expected` seconds ends within this share of the time.

        >>> Budget(10.0, lambda: 0.0).fits(6.0), Budget(10.0, lambda: 0.0).fits(6.0, share=0.5)
        (True, False)
        """
        return self.spent + expected <= share * self.seconds
