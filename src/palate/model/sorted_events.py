"""The events that a model was counted from, in an order that finds some of them without a look at
all: a user's, or those of a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Doubles, Longs, Mask, Rows, flat_index
from palate.errors import BadInput
from palate.model.levels import added
from palate.store import Artefact
from palate.tables import Interactions

OrderedBy: TypeAlias = Literal["arrival", "time", "exact time"]
"""What puts the events into order; ties are settled by arrival."""
_NAMES: tuple[OrderedBy, ...] = ("arrival", "time", "exact time")


@dataclass(frozen=True, eq=False)
class EventColumns:
    """Some events, in any order.

    Attributes:
        user: int32 [n].
        item: int32 [n].
        key: int64 [n], grows with the time; zeros where arrival alone counts.
        number: int64 [n], which event it is, counted from 0 as they came.
    """

    user: Rows
    item: Rows
    key: Longs
    number: Longs

    def __len__(self) -> int:
        return len(self.item)

    def take(self, index: NDArray[Any]) -> EventColumns:
        """The given events (indices, a mask), in that order."""
        return EventColumns(self.user[index], self.item[index], self.key[index], self.number[index])

    def then(self, other: EventColumns) -> EventColumns:
        """These, and behind them the others."""
        return EventColumns(
            np.concatenate([self.user, other.user]),
            np.concatenate([self.item, other.item]),
            np.concatenate([self.key, other.key]),
            np.concatenate([self.number, other.number]),
        )

    def in_order(self, by_user: bool) -> EventColumns:
        """From old to new; with `by_user` each user's together, by the user's row."""
        if by_user:
            return self.take(np.lexsort((self.number, self.key, self.user)))
        return self.take(np.lexsort((self.number, self.key)))


@dataclass(frozen=True, eq=False)
class SortedEvents:
    """Events in levels, each of them sorted; see `levels`.

    Attributes:
        whole: Levels of events, the oldest first.
        n: How many there are in all.
        ordered_by: What their keys are.
        by_user: Whether they are sorted by user first.
        sorted_already: Whether each level is sorted yet; nothing is sorted before it has to be.
    """

    whole: tuple[EventColumns, ...]
    n: int
    ordered_by: OrderedBy
    by_user: bool
    sorted_already: bool = False

    @classmethod
    def of(cls, log: Interactions, by_user: bool, exact: bool = True) -> SortedEvents:
        """The events of a log.

        Args:
            log: The log; its columns are kept, not copied.
            by_user: Whether they will be looked for by user, or by time.
            exact: Whether the order is that of `Interactions.exact_time`, or of its `time`.
        """
        by: OrderedBy = "arrival"
        if log.time is not None:
            by = "exact time" if exact and log.order is not None else "time"
        columns = _columns(log, by, 0)
        return cls((columns,), len(log), by, by_user)

    @cached_property
    def levels(self) -> tuple[EventColumns, ...]:
        """The same, each level sorted."""
        if self.sorted_already:
            return self.whole
        return tuple(level.in_order(self.by_user) for level in self.whole)

    def new(self, events: Interactions) -> EventColumns:
        """Further events as these are ordered.

        Raises:
            BadInput: They lack the times that these have.
        """
        missing = (self.ordered_by != "arrival" and events.time is None) or (
            self.ordered_by == "exact time" and events.order is None
        )
        if missing and len(events):
            raise BadInput(
                f"events without {self.ordered_by} for a model of events that have it",
                where="events.time" if events.time is None else "events.order",
                allowed="the columns of time of the log that the model was fitted on",
                next_step="give each event its time",
            )
        return _columns(events, self.ordered_by, self.n)

    def plus(self, new: EventColumns) -> SortedEvents:
        """These and further ones."""
        if not len(new):
            return self
        levels = added(self.levels, new.in_order(self.by_user), len, self._joined)
        return SortedEvents(levels, self.n + len(new), self.ordered_by, self.by_user, True)

    def of_users(self, users: Rows) -> EventColumns:
        """All events of `users` [n], distinct and ascending; each user's together, from old to
        new.
        """
        found = [_of_users(level, users) for level in self.levels]
        first, *rest = found
        for level in rest:
            first = first.then(level)
        return first.in_order(True) if rest else first

    def everything(self) -> EventColumns:
        """All events, in order."""
        first, *rest = self.levels
        for level in rest:
            first = first.then(level)
        return first.in_order(self.by_user) if rest else first

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All events as they came, to be stored; users alone where they are looked for."""
        columns = self.everything() if self.sorted_already else self.whole[0]
        columns = columns.take(np.argsort(columns.number, kind="stable"))
        found: dict[str, NDArray[Any]] = {
            "events.item": columns.item,
            "events.ordered_by": np.array(_NAMES.index(self.ordered_by), np.int64),
        }
        if self.by_user:
            found["events.user"] = columns.user
        if self.ordered_by != "arrival":
            found["events.key"] = columns.key
        return found

    @classmethod
    def restored(cls, arrays: Mapping[str, NDArray[Any]], by_user: bool) -> SortedEvents | None:
        """The events that `arrays` came from; None where they hold none."""
        if "events.item" not in arrays:
            return None
        item = np.asarray(arrays["events.item"])
        n = len(item)
        none = np.zeros(n, np.int64)
        columns = EventColumns(
            np.asarray(arrays["events.user"]) if by_user else np.zeros(n, np.int32),
            item,
            np.asarray(arrays["events.key"]) if "events.key" in arrays else none,
            np.arange(n, dtype=np.int64),
        )
        return cls((columns,), n, _NAMES[int(arrays["events.ordered_by"])], by_user)

    def _joined(self, older: EventColumns, newer: EventColumns) -> EventColumns:
        return older.then(newer).in_order(self.by_user)


def without_events(state: Artefact) -> Artefact:
    """The state of a model without the events, and without what only they can be added to."""
    gone = ("events.", "sums.", "window.")
    kept = {name: array for name, array in state.arrays.items() if not name.startswith(gone)}
    return Artefact(kept, state.facts)


def first_and_last(user: Rows, chosen: Mask) -> tuple[Longs, Longs]:
    """int64 [n] and [n]: for each event the first and the last place of a chosen event of its user;
    n and -1 where there is none.

    Args:
        user: int32 [n], each user's events together.
        chosen: bool [n].
    """
    if not len(user):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    starts = np.flatnonzero(np.concatenate([[True], user[1:] != user[:-1]]))
    lengths = np.diff(np.append(starts, len(user)))
    place = np.arange(len(user))
    first = np.minimum.reduceat(np.where(chosen, place, len(user)), starts)
    last = np.maximum.reduceat(np.where(chosen, place, -1), starts)
    return np.repeat(first, lengths), np.repeat(last, lengths)


def place_in(level: EventColumns, key: float, number: int) -> int:
    """Where an event of that key and number stands, or would stand, in a level sorted by time."""
    low, high = (int(np.searchsorted(level.key, key, side)) for side in ("left", "right"))
    return low + int(np.searchsorted(level.number[low:high], number))


def _of_users(level: EventColumns, users: Rows) -> EventColumns:
    low = np.searchsorted(level.user, users, "left")
    high = np.searchsorted(level.user, users, "right")
    # runs of consecutive events are rows of a ragged array whose other rows are left out
    edges = np.empty(2 * len(users), np.int64)
    edges[0::2], edges[1::2] = low, high
    return level.take(flat_index(edges, np.arange(0, 2 * len(users), 2)))


def _columns(log: Interactions, by: OrderedBy, start: int) -> EventColumns:
    n = len(log)
    key: Longs | Doubles | None = log.time if by == "time" else log.exact_time
    if by == "arrival" or key is None:
        key = np.zeros(n, np.int64)
    return EventColumns(
        np.asarray(log.user, np.int32),
        np.asarray(log.item, np.int32),
        np.asarray(key, np.int64),
        np.arange(start, start + n, dtype=np.int64),
    )
