"""Counts of items, with what it takes to count on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Longs, Rows
from palate.growth import padded
from palate.model.counted import counts_with
from palate.model.sorted_events import EventColumns, SortedEvents
from palate.tables import Interactions


@dataclass(frozen=True, eq=False)
class Tally:
    """Events of each item, or its users.

    Attributes:
        counts: int64 [n_items].
        events: What was counted, where users are counted; None where events are.
    """

    counts: Longs
    events: SortedEvents | None

    @classmethod
    def of(cls, log: Interactions, by_user: bool) -> Tally:
        """Count the events of a log, or with `by_user` the users of each item."""
        if not by_user:
            return cls(log.item_counts(), None)
        users = np.diff(log.matrix().tocsc().indptr).astype(np.int64)
        return cls(users, SortedEvents.of(log, by_user=True))

    def plus(self, events: Interactions, n_items: int) -> Tally:
        """The tally of `n_items` items with further events."""
        if self.events is None:
            return Tally(counts_with(self.counts, events, n_items), None)
        new = self.events.new(events)
        users = np.unique(new.user)
        known = _pairs(self.events.of_users(users), users, n_items)
        fresh = np.setdiff1d(_pairs(new, users, n_items), known) % max(n_items, 1)
        counts: Longs = padded(self.counts, n_items)
        return Tally(counts + np.bincount(fresh, minlength=n_items), self.events.plus(new))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it, to be stored."""
        return {"tally": self.counts, **({} if self.events is None else self.events.arrays())}

    @classmethod
    def restored(cls, arrays: Mapping[str, NDArray[Any]], by_user: bool) -> Tally | None:
        """The tally that `arrays` came from; None where they hold none."""
        events = SortedEvents.restored(arrays, by_user=True) if by_user else None
        if "tally" not in arrays or (by_user and events is None):
            return None
        return cls(np.asarray(arrays["tally"]), events)


def _pairs(events: EventColumns, users: Rows, n_items: int) -> Longs:
    """int64, a number for each distinct pair of a user and an item."""
    user = np.searchsorted(users, events.user).astype(np.int64)
    return np.unique(user * n_items + events.item)
