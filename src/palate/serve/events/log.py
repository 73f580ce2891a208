"""The log in a running service: one writer, which appends what many clients send in one go and
tells the state of it before it answers.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, TypeAlias, final

from palate.event_store import Appended, EventStore, NewEvent, StoredEvent
from palate.serve.group_worker import GroupWorker
from palate.serve.refusals import Unavailable


class Follower(Protocol):
    """What is made of the log as it grows. Only the writer calls it, in the order of the log."""

    def follow(self, events: Sequence[StoredEvent]) -> None:
        """Take up new events; they are on the disk already."""
        ...

    def erase(self, user: str, events: Sequence[StoredEvent]) -> None:
        """Go on as if these events of a user, all that there were, had never been.

        Where several processes share the log, another may have erased somebody: of that no more is
        known than that it was, and the user is empty.

        Raises:
            Unavailable: Then it is called again a moment later, before the followers behind it.
        """
        ...


@dataclass(frozen=True)
class _Look:
    pass


@dataclass(frozen=True)
class _Append:
    events: Sequence[NewEvent]


@dataclass(frozen=True)
class _Erase:
    user: str


_Job: TypeAlias = _Append | _Erase | _Look


@final
class EventLog:
    """Appends of many clients, each answered after its events are on the disk and the followers
    have them: who reads after an answer finds them.

    Args:
        store: Where the events are kept.
        followers: In the order in which they are to know of new events.
        most_waiting: Appends that may wait; one more is refused.
        position: The offset up to which the followers know the log; by default its end.
    """

    def __init__(
        self,
        store: EventStore,
        followers: Sequence[Follower],
        most_waiting: int = 10_000,
        position: int | None = None,
    ) -> None:
        self._store, self._followers = store, tuple(followers)
        self._position = store.last_offset() if position is None else position
        self._erasures = store.erasures()
        self._worker: GroupWorker[_Job, list[Appended]] = GroupWorker(
            self._do, "palate-events", most_waiting=most_waiting
        )

    def append(self, events: Sequence[NewEvent]) -> Future[list[Appended]]:
        """What became of each event.

        Raises:
            Overloaded: Too many appends are waiting.
            Unavailable: The log was closed; in the future: the events could not be kept.
        """
        return self._worker.submit(_Append(events))

    def erase(self, user: str) -> Future[list[Appended]]:
        """The events of the user that were taken out of the log."""
        return self._worker.submit(_Erase(user))

    def look_again(self) -> None:
        """Let the followers know what other processes appended and erased, if they did; it returns
        when they know.

        Raises:
            Unavailable: The log cannot be read.
        """
        appended = self._store.last_offset() > self._position
        if appended or self._store.erasures() != self._erasures:
            self._worker.submit(_Look()).result()

    def waiting(self) -> int:
        """Appends that wait now."""
        return self._worker.waiting()

    def close(self) -> None:
        """Answer what is waiting, then end."""
        self._worker.close()

    def _do(self, jobs: Sequence[_Job]) -> list[list[Appended] | Exception]:
        results: list[list[Appended] | Exception] = []
        for kind, group in itertools.groupby(jobs, type):
            some = list(group)
            if kind is _Append:
                results += self._appended(some)
            else:
                results += [self._tried(job) for job in some]
        return results

    def _tried(self, job: _Job) -> list[Appended] | Exception:
        try:
            return self._erased(job.user) if isinstance(job, _Erase) else self._looked()
        except Exception as error:  # of this caller alone
            return error

    def _appended(self, jobs: Sequence[_Job]) -> list[list[Appended] | Exception]:
        batches = [job.events for job in jobs if isinstance(job, _Append)]
        every = [event for batch in batches for event in batch]
        try:
            done = self._store.append(every)
        except Exception as error:  # of each client whose events are not kept
            return [error] * len(batches)
        self._follow(every, done)
        left = iter(done)
        return [list(itertools.islice(left, len(batch))) for batch in batches]

    def _follow(self, every: Sequence[NewEvent], done: Sequence[Appended]) -> None:
        new = [
            StoredEvent(appended.offset, given.event_id, given.event)
            for given, appended in zip(every, done, strict=True)
            if appended.new and appended.offset > self._position
        ]
        last = max((appended.offset for appended in done), default=0)
        if new and new[0].offset == self._position + 1:
            self._tell(new)
        elif last > self._position:  # other processes appended something before
            with suppress(Unavailable):  # the events are kept; they are read when the log is back
                self._read_on()

    def _read_on(self) -> None:
        while events := self._store.read(self._position):
            self._tell(events)

    def _tell(self, events: Sequence[StoredEvent]) -> None:
        for follower in self._followers:
            follower.follow(events)
        self._position = events[-1].offset

    def _looked(self) -> list[Appended]:
        self._read_on()
        erasures = self._store.erasures()
        if erasures != self._erasures:
            for follower in self._followers:
                follower.erase("", ())
            self._erasures = erasures
        return []

    def _erased(self, user: str) -> list[Appended]:
        gone = self._store.erase_user(user)
        self._erasures += bool(gone)
        for follower in self._followers:
            follower.erase(user, gone)
        return [Appended(event.offset, new=False) for event in gone]
