"""What had happened before a given time: counts, times and sums over the events of a key, strictly
earlier ones alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Doubles, Longs


class EventIndex:
    """Events of some keys (users, items, pairs), indexed for queries of what was known before a
    given time.

    Events at exactly that time are not known yet, of any user.

    Args:
        key: [n_events], >= 0, whose event it is.
        time: int64 [n_events].

    Cost: one sort; a query of n times is n binary searches.

    >>> index = EventIndex(np.array([0, 0, 1]), np.array([5, 9, 7]))
    >>> index.before(np.array([0, 0, 1]), np.array([9, 10, 7])).tolist()
    [1, 2, 0]
    """

    def __init__(self, key: NDArray[np.integer], time: Longs) -> None:
        self.order = np.lexsort((time, key))
        self.key = np.asarray(key, np.int64)[self.order]
        self.time = np.asarray(time, np.int64)[self.order]
        self._times = np.unique(self.time)
        self._code = self._coded(self.key, self.time)

    def before(self, key: NDArray[np.integer], time: Longs) -> Longs:
        """int64 [n], how many events of `key` [n] are earlier than `time` [n]."""
        keys = np.asarray(key, np.int64)
        place = np.searchsorted(self._code, self._coded(keys, time), side="left")
        return np.asarray(place - self.start(keys), np.int64)

    def start(self, key: NDArray[np.integer]) -> Longs:
        """int64 [n], how many events stand before those of `key` [n], ordered by key and time."""
        return np.searchsorted(self.key, np.asarray(key, np.int64), side="left").astype(np.int64)

    def last(self, key: NDArray[np.integer], time: Longs, never: int) -> Longs:
        """int64 [n], time of the latest earlier event; `never` where there is none."""
        n = self.before(key, time)
        at = np.maximum(self.start(key) + n - 1, 0)
        return np.where(n > 0, self.time[at] if len(self.time) else never, never)

    def first(self, key: NDArray[np.integer], time: Longs, never: int) -> Longs:
        """int64 [n], time of the first event if it is earlier than `time`; else `never`."""
        n = self.before(key, time)
        at = np.minimum(self.start(key), max(len(self.time) - 1, 0))
        return np.where(n > 0, self.time[at] if len(self.time) else never, never)

    def sum(self, values: Doubles, key: NDArray[np.integer], time: Longs) -> Doubles:
        """float64 [n], sum of `values` [n_events, in the order they were given] over the earlier
        events of `key`.
        """
        running = np.concatenate([[0.0], np.cumsum(np.asarray(values, np.float64)[self.order])])
        start = self.start(key)
        return np.asarray(running[start + self.before(key, time)] - running[start], np.float64)

    def _coded(self, key: Longs, time: Longs) -> Longs:
        return np.asarray(
            key * (len(self._times) + 1) + np.searchsorted(self._times, time, side="left"), np.int64
        )
