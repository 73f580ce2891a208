"""What a service asks its state: the interface of the state in one process, and of one that several
processes share.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from palate.event_store import StoredEvent
from palate.serve.state.counter import Counter
from palate.serve.state.user import Done


class ServiceState(Protocol):
    """Users and items, as the log has them up to an offset; `tests/serve/contracts/states.py` is
    its contract.

    It is a `palate.serve.events.log.Follower`. Several threads may ask at a time.
    """

    def follow(self, events: Sequence[StoredEvent]) -> None:
        """Take up new events."""
        ...

    def erase(self, user: str, events: Sequence[StoredEvent]) -> None:
        """Go on as if these events of a user had not been; see `Follower`."""
        ...

    def history(self, user: str, leave_out: Collection[str] = ()) -> list[Done]:
        """The user's recent events, oldest first, without those of some kinds."""
        ...

    def user_counters(self, user: str) -> Mapping[str, Counter]:
        """How often the user did what; empty for a user without events."""
        ...

    def item_counters(self, item: str) -> Mapping[str, Counter]:
        """How often what was done with the item; empty for one without events."""
        ...

    def item_counts(self, leave_out: Collection[str] = ()) -> tuple[dict[str, int], int]:
        """Item -> its events, without those of some kinds; and the offset up to which they are
        counted.
        """
        ...

    @property
    def half_life(self) -> float:
        """Of the counters, in seconds."""
        ...

    @property
    def offset(self) -> int:
        """Offset of the last event that was taken up."""
        ...

    @property
    def n_users(self) -> int:
        """Users with an event."""
        ...
