"""The log in a running service: one writer, which appends what many clients send in one go and
tells the state of it before it answers.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol, TypeAlias, final

from palate.event_store import Appended, EventStore, NewEvent, StoredEvent
from palate.serve.group_worker import GroupWorker


class Follower(Protocol):
    """What is made of the log as it grows. Only the writer calls it, in the order of the log."""

    def follow(self, events: Sequence[StoredEvent]) -> None:
        """Take up new events; they are on the disk already."""
        ...

    def erase(self, user: str, events: Sequence[StoredEvent]) -> None:
        """Go on as if these events of a user, all that there were, had never been."""
        ...


@dataclass(frozen=True)
class _Append:
    events: Sequence[NewEvent]


@dataclass(frozen=True)
class _Erase:
    user: str


_Job: TypeAlias = _Append | _Erase


@final
class EventLog:
    """Appends of many clients, each answered after its events are on the disk and the followers
    have them: who reads after an answer finds them.

    Args:
        store: Where the events are kept.
        followers: In the order in which they are to know of new events.
        most_waiting: Appends that may wait; one more is refused.
    """

    def __init__(
        self, store: EventStore, followers: Sequence[Follower], most_waiting: int = 10_000
    ) -> None:
        self._store, self._followers = store, tuple(followers)
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

    def waiting(self) -> int:
        """Appends that wait now."""
        return self._worker.waiting()

    def close(self) -> None:
        """Answer what is waiting, then end."""
        self._worker.close()

    def _do(self, jobs: Sequence[_Job]) -> list[list[Appended] | Exception]:
        results: list[list[Appended] | Exception] = []
        for erasing, group in itertools.groupby(jobs, lambda job: isinstance(job, _Erase)):
            some = list(group)
            results += self._erased(some) if erasing else self._appended(some)
        return results

    def _appended(self, jobs: Sequence[_Job]) -> list[list[Appended] | Exception]:
        batches = [job.events for job in jobs if isinstance(job, _Append)]
        every = [event for batch in batches for event in batch]
        try:
            done = self._store.append(every)
        except Exception as error:  # of each client whose events are not kept
            return [error] * len(batches)
        new = [
            StoredEvent(appended.offset, given.event_id, given.event)
            for given, appended in zip(every, done, strict=True)
            if appended.new
        ]
        if new:
            for follower in self._followers:
                follower.follow(new)
        left = iter(done)
        return [list(itertools.islice(left, len(batch))) for batch in batches]

    def _erased(self, jobs: Sequence[_Job]) -> list[list[Appended] | Exception]:
        results: list[list[Appended] | Exception] = []
        for job in jobs:
            if isinstance(job, _Erase):
                try:
                    gone = self._store.erase_user(job.user)
                except Exception as error:
                    results.append(error)
                    continue
                for follower in self._followers:
                    follower.erase(job.user, gone)
                results.append([Appended(event.offset, new=False) for event in gone])
        return results
