"""How much time and how many test users suit a log of some size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from palate.tables import Interactions

SECONDS_OF: Final = 100_000
"""Events for which a run may take `LEAST_SECONDS`, a minute with `init` and the start of both; of
ten times as many it may take five times."""
LEAST_SECONDS: Final = 55.0
GROWTH: Final = 0.7
SCORES: Final = 1_000_000_000
"""Most scores (users x items) that a model is asked for in the test."""
LEAST_USERS: Final = 5_000
MOST_USERS: Final = 20_000


@dataclass(frozen=True)
class Sized:
    """What the recipe says of its size.

    Attributes:
        seconds: How long the run may take, for `[budget]`.
        users: Most test users, for `[evaluate]`; None for all.
        reasons: Why, in sentences.
    """

    seconds: float
    users: int | None = None
    reasons: tuple[str, ...] = ()


def sized_for(log: Interactions) -> Sized:
    """The time of a run, and the test users, for a log.

    >>> from palate.testing.logs import made_log
    >>> sized_for(made_log()).users is None
    True
    """
    seconds = LEAST_SECONDS * max(len(log) / SECONDS_OF, 1.0) ** GROWTH
    fit = SCORES // max(log.n_items, 1)
    users = min(max(fit, LEAST_USERS), MOST_USERS)
    if log.n_users <= users:
        return Sized(float(round(seconds)))
    said = (
        f"There are {log.n_users:,} users: at most {users:,} of those with test events are"
        " examined, drawn by seed, and the intervals say what that leaves open; users = N in"
        " [evaluate] asks more."
    )
    return Sized(float(round(seconds)), users, (said,))
