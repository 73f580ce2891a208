"""Where events of whole seconds stand in the order of a log whose own times are finer."""

from __future__ import annotations

from dataclasses import replace
from typing import final

import numpy as np

from palate.arrays import Longs
from palate.tables import Interactions


@final
class ExactTimes:
    """The order of a log, for events that came since.

    Events are sent with whole seconds, while a log may know fractions of them; its models then put
    events into order by `Interactions.order`. An event of a second comes after all of the log's up
    to the end of that second. Late events between the same two of the log stand as they came.

    Args:
        log: The log.
    """

    def __init__(self, log: Interactions) -> None:
        self._seconds: Longs | None = None
        if log.order is not None and log.time is not None and len(log):
            rows = np.argsort(log.order, kind="stable")
            self._seconds, self._order = log.time[rows], log.order[rows]

    def placed(self, events: Interactions) -> Interactions:
        """The events with an order among those of the log, where the log has one."""
        if self._seconds is None or events.time is None:
            return events
        seconds, order = self._seconds, self._order
        behind = np.searchsorted(seconds, events.time, side="right") - 1
        place = order[np.maximum(behind, 0)]
        place = place + np.maximum(events.time - seconds[-1], 0)
        place = place - np.maximum(seconds[0] - events.time, 0)
        return replace(events, order=place.astype(np.int64))
