"""The recent events of a log, counted by item, as further ones come and old ones leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Longs, Rows
from palate.growth import padded
from palate.model.counted import counts_with
from palate.model.sorted_events import EventColumns, SortedEvents, place_in
from palate.tables import Interactions

DAY = 86_400


class Recency(NamedTuple):
    """What is recent: events of the last so many days, or, without days or times, the last share of
    them.
    """

    days: float | None
    share: float


class _Moved(NamedTuple):
    entering: Rows
    leaving: Rows
    edge: tuple[int, int]


@dataclass(frozen=True, eq=False)
class RecentWindow:
    """Counts of recent events.

    Attributes:
        recency: What is recent.
        events: All events, sorted by time.
        recent: int64 [n_items], recent events of each item.
        always: int64 [n_items], all its events.
        edge: By days: the newest time, and 0; by share: key and number of the oldest event that is
            recent. Of no meaning without events.
    """

    recency: Recency
    events: SortedEvents
    recent: Longs
    always: Longs
    edge: tuple[int, int]

    @classmethod
    def of(cls, log: Interactions, recency: Recency) -> RecentWindow:
        """Count a log."""
        events = SortedEvents.of(log, by_user=False, exact=recency.days is None)
        always = log.item_counts()
        nothing = cls(recency, events, np.zeros_like(always), always, (0, 0))
        if not len(log):
            return nothing
        if nothing.by_days and log.time is not None:
            newest = int(log.time.max())
            chosen, edge = np.flatnonzero(log.time > nothing.border(newest)), (newest, 0)
        else:
            chosen = log.in_time_order()[len(log) - nothing.n_recent(len(log)) :]
            edge = (int(events.whole[0].key[chosen[0]]), int(chosen[0]))
        recent = np.bincount(log.item[chosen], minlength=log.n_items)
        return cls(recency, events, recent, always, edge)

    @property
    def by_days(self) -> bool:
        """Whether days decide, and not the share."""
        return self.recency.days is not None and self.events.ordered_by == "time"

    def border(self, newest: int) -> int:
        """The last time that is no longer recent."""
        return int(np.floor(newest - (self.recency.days or 0.0) * DAY))

    def n_recent(self, n: int) -> int:
        """How many of `n` events are recent, by the share."""
        return int(np.ceil(self.recency.share * n))

    def plus(self, events: Interactions, n_items: int) -> RecentWindow:
        """The same of `n_items` items with further events."""
        new = self.events.new(events)
        always = counts_with(self.always, events, n_items)
        recent: Longs = padded(self.recent, n_items)
        if not len(new):
            return RecentWindow(self.recency, self.events, recent, always, self.edge)
        log = self.events.plus(new)
        moved = self._by_days(new) if self.by_days else self._by_share(new, log)
        recent = recent + np.bincount(moved.entering, minlength=n_items)
        recent -= np.bincount(moved.leaving, minlength=n_items)
        return RecentWindow(self.recency, log, recent, always, moved.edge)

    def _by_days(self, new: EventColumns) -> _Moved:
        newest = max([int(new.key.max()), *([self.edge[0]] if self.events.n else [])])
        now, before = self.border(newest), self.border(self.edge[0])
        leaving = [
            level.item[slice(*np.searchsorted(level.key, (before, now), "right"))]
            for level in self.events.levels
        ]
        none = np.empty(0, np.int32)
        gone = np.concatenate(leaving) if self.events.n else none
        return _Moved(new.item[new.key > now], gone, (newest, 0))

    def _by_share(self, new: EventColumns, log: SortedEvents) -> _Moved:
        key, number = self.edge if self.events.n else (int(new.key.min()), self.events.n)
        if not self.events.n:
            number = int(new.number[new.key == key].min())
        after = (new.key > key) | ((new.key == key) & (new.number >= number))
        # the edge has `below` events before it, and should have `wanted`
        wanted = log.n - self.n_recent(log.n)
        below = self.events.n - self.n_recent(self.events.n) + int(np.sum(~after))
        step = wanted - below
        passed = _beside(log, key, number, step)
        none = np.empty(0, np.int32)
        entering = np.concatenate([new.item[after], passed.item if step < 0 else none])
        if step > 0:
            passed, edge = passed.take(np.arange(step)), passed.take(np.arange(step, step + 1))
        else:
            edge = passed.take(np.arange(1))
        leaving = passed.item if step > 0 else none
        return _Moved(entering, leaving, (int(edge.key[0]), int(edge.number[0])))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it, to be stored."""
        return {
            "window.recent": self.recent,
            "window.always": self.always,
            "window.edge": np.array(self.edge, np.int64),
            **self.events.arrays(),
        }

    @classmethod
    def restored(cls, arrays: Mapping[str, NDArray[Any]], recency: Recency) -> RecentWindow | None:
        """The window that `arrays` came from; None where they hold none."""
        events = SortedEvents.restored(arrays, by_user=False)
        if events is None:
            return None
        recent, always, edge = (
            np.asarray(arrays[f"window.{name}"]) for name in ("recent", "always", "edge")
        )
        return cls(recency, events, recent, always, (int(edge[0]), int(edge[1])))


def _beside(log: SortedEvents, key: int, number: int, step: int) -> EventColumns:
    """The events from the edge on, `step` and one more, from old to new; for a negative step the
    so many before the edge; for none the one at it.
    """
    parts = []
    for level in log.levels:
        place = place_in(level, key, number)
        first, last = (place, place + step + 1) if step >= 0 else (place + step, place)
        parts.append(level.take(np.arange(max(first, 0), min(last, len(level)))))
    found = parts[0]
    for part in parts[1:]:
        found = found.then(part)
    ordered = found.in_order(by_user=False)
    n = len(ordered)
    return ordered.take(np.arange(min(step + 1, n)) if step >= 0 else np.arange(n + step, n))
