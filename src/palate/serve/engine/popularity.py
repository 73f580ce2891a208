"""What is popular now: the run's counts, and every event since. It answers for people of whom
nothing is known, and whenever the model cannot.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import final

import numpy as np

from palate.arrays import Doubles
from palate.event_store import EventStore, StoredEvent
from palate.model.popularity import Popularity
from palate.stages import Scorer
from palate.store import Artefact
from palate.tables import Interactions


@final
class LivePopularity:
    """Counts of events, as `model.popularity.v1` has them, that follow the log
    (`palate.serve.events.log.Follower`).

    Args:
        log: The run's log.
        leave_out: Actions that do not count.
        since: Item -> its events since the run, without those of some kinds; and the offset up to
            which they are counted.
    """

    def __init__(
        self,
        log: Interactions,
        leave_out: Sequence[str],
        since: Callable[[Sequence[str]], tuple[Mapping[str, int], int]],
    ) -> None:
        self._run = log.item_counts().astype(np.float64)
        self._since, self._leave_out = since, tuple(leave_out)
        self._lock = threading.Lock()
        self._row_of: Mapping[str, int] = log.items.row_of
        self._counts: Doubles
        self._offset: int
        self._recount()

    def over(self, row_of: Mapping[str, int]) -> None:
        """Count over another catalogue, whose first rows are the run's."""
        with self._lock:
            if row_of is not self._row_of:  # a view of the same items has the same counts
                self._row_of = row_of
                self._recount()

    def follow(self, events: Sequence[StoredEvent]) -> None:
        """Count them."""
        with self._lock:
            for stored in events:
                if stored.offset <= self._offset:  # counted again from the state meanwhile
                    continue
                row = self._row_of.get(stored.event.item)
                if row is not None and stored.event.action not in self._leave_out:
                    self._counts[row] += 1

    def erase(self, user: str, events: Sequence[StoredEvent]) -> None:
        """Count without them; the state comes before this one and has let go of them."""
        with self._lock:
            self._recount()

    def recount(self) -> None:
        """Count again all that there is by now."""
        with self._lock:
            self._recount()

    def counts(self) -> Doubles:
        """float64 [n_items], the counts of now."""
        with self._lock:
            return self._counts.copy()

    def scorer(self) -> Scorer:
        """The counts of now, as a model."""
        with self._lock:
            counts = self._counts.astype(np.float32)
        return Popularity().load(Artefact({"counts": counts}, {}), {})

    def _recount(self) -> None:
        counts = np.zeros(max(len(self._row_of), len(self._run)))
        counts[: len(self._run)] = self._run
        since, self._offset = self._since(self._leave_out)
        for item, count in since.items():
            row = self._row_of.get(item)
            if row is not None:
                counts[row] += count
        self._counts = counts


def counted_after(
    store: EventStore, offset: int, leave_out: Sequence[str]
) -> tuple[Mapping[str, int], int]:
    """Item -> its events behind `offset`, and the offset up to which they are counted.

    Cost: reading these events, about 10 us each.
    """
    counts: Counter[str] = Counter()
    while events := store.read(offset):
        counts.update(e.event.item for e in events if e.event.action not in leave_out)
        offset = events[-1].offset
    return counts, offset
