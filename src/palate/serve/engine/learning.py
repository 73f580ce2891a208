"""The model that answers learns from the log: new events are counted in, now and then, by a thread
of its own.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, final

from palate.capabilities import Updatable
from palate.data.clean import CleanSettings
from palate.event_store import EventStore, StoredEvent
from palate.serve.engine.exact_times import ExactTimes
from palate.serve.engine.live_cleaning import NOTHING, LiveCleaning, Once
from palate.serve.memory import give_back
from palate.stages import Scorer
from palate.tables import Dataset, Interactions, Vocabulary

_LOG: Final = logging.getLogger("palate.serve")
AT_ONCE: Final = 50_000
"""Events of the log that are counted in together."""
GIVE_BACK_SECONDS: Final = 60.0
"""Least seconds between two times at which memory goes back that updates left behind."""
SLICE: Final = 1_000
"""Events of the log that are read at a time."""


@dataclass(frozen=True, eq=False)
class Learnt:
    """A model and how much of the log is in it.

    Attributes:
        scorer: The model.
        offset: Offset of the last event that is in it.
        users: Users of the run's log, and behind them those that came since.
        once: What of the log since the run may be counted once, and is.
    """

    scorer: Scorer
    offset: int
    users: Vocabulary
    once: Once = NOTHING


@final
class Learner:
    """Counts the log into a model (a `palate.serve.events.log.Follower`).

    Events with items that came after the run are in no model until it is fitted again; people's
    histories have them at once all the same.

    Args:
        scorer: The run's model, for the run's items; one that is not `Updatable` stays as it is.
        lessons: Events as it learns them.
        store: The live log.
        seconds: Least seconds between two updates; 0: never learn.
        learnt: Called with the model after each update, by the learner's thread.
        first: Offset of the last event that the run's model has learnt from itself.
    """

    def __init__(
        self,
        scorer: Scorer,
        lessons: Lessons,
        store: EventStore,
        seconds: float,
        learnt: Callable[[Scorer], None],
        first: int = 0,
    ) -> None:
        self._first = self._now = Learnt(scorer, first, lessons.users)
        self._lessons = lessons
        self._store, self._seconds = store, seconds
        self._learnt = learnt
        self._wake, self._work = threading.Condition(), _Work()
        self.learns = seconds > 0 and isinstance(scorer, Updatable)
        self._thread = threading.Thread(target=self._run, name="palate-learning", daemon=True)
        if self.learns:
            self._thread.start()

    @property
    def offset(self) -> int:
        """Offset of the last event that is in the model; 0 for none."""
        return self._now.offset

    def follow(self, events: Sequence[StoredEvent]) -> None:
        """There is something to learn."""
        with self._wake:
            self._work.more = True
            self._wake.notify()

    def erase(self, user: str, events: Sequence[StoredEvent]) -> None:
        """Begin again with the run's model: what was counted in cannot be taken out one by one."""
        with self._wake:
            self._work.more = self._work.again = True
            self._wake.notify()

    def close(self) -> None:
        """End; what is not learnt yet is learnt after the next start."""
        with self._wake:
            self._work.end = True
            self._wake.notify()
        if self.learns:
            self._thread.join()

    def _run(self) -> None:
        work, given_back = self._work, time.monotonic()
        while True:
            with self._wake:
                self._wake.wait_for(lambda: work.more or work.end)
                if work.end:
                    return
                again, work.more, work.again = work.again, False, False
            try:
                self._learn(self._first if again else self._now)
            except Exception:  # the model of before goes on answering
                _LOG.exception("new events cannot be learnt")
            if time.monotonic() >= given_back + GIVE_BACK_SECONDS:
                given_back = time.monotonic()
                give_back()
            with self._wake:
                self._wake.wait_for(lambda: work.end, self._seconds)

    def _learn(self, start: Learnt) -> None:
        """Count in all events behind `start`."""
        now = start
        while events := self._events_behind(now.offset):
            now = self._lessons.taught(now, events)
        if now is not self._now:
            self._learnt(now.scorer)
            self._now = now

    def _events_behind(self, offset: int) -> list[StoredEvent]:
        """The next events, read in slices, so that appends wait for no more than one of them."""
        found = list[StoredEvent]()
        while len(found) < AT_ONCE and (some := self._store.read(offset, SLICE)):
            found += some
            offset = some[-1].offset
        return found


@dataclass
class _Work:
    """What the thread is asked for: to learn more, to begin again, to end."""

    more: bool = field(default=True)
    again: bool = False
    end: bool = False


@final
class Lessons:
    """Events as a run's model learns them.

    Args:
        data: The run's data.
        rules: How its recipe cleans.
        leave_out: Actions that say nothing for an item.

    Attributes:
        users: Users of the run's log.
    """

    def __init__(self, data: Dataset, rules: CleanSettings, leave_out: Sequence[str]) -> None:
        log = data.interactions
        self.users = log.users
        self._items, self._timed, self._times = log.items, log.time is not None, ExactTimes(log)
        self._leave_out, self._cleaning = frozenset(leave_out), LiveCleaning(data, rules)

    def taught(self, known: Learnt, events: Sequence[StoredEvent]) -> Learnt:
        """The model with some more events, at least one."""
        offset, row_of = events[-1].offset, self._items.row_of
        taken = [
            stored.event
            for stored in events
            if stored.event.item in row_of
            and stored.event.action not in self._leave_out
            and (stored.event.time is not None or not self._timed)
        ]
        if not taken or not isinstance(known.scorer, Updatable):
            return Learnt(known.scorer, offset, known.users, known.once)
        new = dict.fromkeys(e.user for e in taken if e.user not in known.users.row_of)
        users = Vocabulary((*known.users.ids, *new)) if new else known.users
        try:
            log = self._times.placed(Interactions.of_events(taken, users, self._items))
            log, once = self._cleaning.kept(log, known.once)
            updated = known.scorer.updated(log) if len(log) else known.scorer
        except Exception:  # whatever a model may raise: these events alone are passed over
            _LOG.exception("events up to %d cannot be learnt", offset)
            return Learnt(known.scorer, offset, known.users, known.once)
        return Learnt(updated, offset, users, once)
