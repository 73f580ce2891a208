"""What there is time for while blocks are chosen."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from palate.budget import Budget


@dataclass
class Time:
    """A budget, counted in choices that can still be fitted and measured.

    Attributes:
        budget: The time there is; by default without end.
        slowest: Seconds of the choice that took longest so far, over all folds.
        reserve: Seconds that are kept for what comes last.
        left_out: What there was no time for, in sentences.
    """

    budget: Budget = field(default_factory=lambda: Budget(math.inf))
    slowest: float = 0.0
    reserve: float = 0.0
    left_out: list[str] = field(default_factory=list)

    def fits(self, choices: float) -> bool:
        """Whether so many choices more are expected to end in time.

        >>> time = Time(Budget(10.0, lambda: 0.0), slowest=2.0, reserve=1.0)
        >>> time.fits(4), time.fits(5)
        (True, False)
        """
        return self.budget.fits(choices * self.slowest + self.reserve)
