"""The running log: many appends share a commit, followers know before the answer, errors reach
those whose events they are.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from palate.event_store import Appended, NewEvent, StoredEvent
from palate.serve.events.log import EventLog
from palate.serve.events.sqlite import SqliteEvents
from palate.serve.refusals import Overloaded, Unavailable
from palate.testing.event_store import some_events


class Noted:
    """A follower that notes what it is given."""

    def __init__(self) -> None:
        self.events: list[StoredEvent] = []
        self.erased: list[str] = []

    def follow(self, events: Sequence[StoredEvent]) -> None:
        self.events += events

    def erase(self, user: str, events: Sequence[StoredEvent]) -> None:
        self.erased.append(user)
        self.events = [event for event in self.events if event not in events]


class Slow:
    """A store that waits until it may, and counts its appends."""

    def __init__(self, store: SqliteEvents) -> None:
        self.store, self.may, self.sizes = store, threading.Event(), list[int]()
        self.failing = False

    def append(self, events: Sequence[NewEvent]) -> list[Appended]:
        self.may.wait(10)
        self.sizes.append(len(events))
        if self.failing:
            raise Unavailable("the disk is full")
        return self.store.append(events)

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)


@pytest.fixture
def slow(tmp_path: Path) -> Slow:
    return Slow(SqliteEvents(tmp_path / "events.db"))


def test_appends_that_come_together_share_a_commit(slow: Slow) -> None:
    noted = Noted()
    log = EventLog(slow, [noted])  # type: ignore[arg-type]
    futures = [log.append(some_events(2, f"u{n}")) for n in range(30)]
    slow.may.set()
    offsets = [appended.offset for future in futures for appended in future.result(10)]
    assert offsets == list(range(1, 61))
    assert [event.offset for event in noted.events] == offsets
    assert len(slow.sizes) <= 2  # at most the first alone, then all that had gathered
    log.close()


def test_followers_know_before_the_answer_and_only_what_is_new(slow: Slow) -> None:
    slow.may.set()
    noted = Noted()
    log = EventLog(slow, [noted])  # type: ignore[arg-type]
    log.append(some_events(3)).result(10)
    assert len(noted.events) == 3
    assert [a.new for a in log.append(some_events(4)).result(10)] == [False, False, False, True]
    assert len(noted.events) == 4
    log.erase("u").result(10)
    assert (noted.events, noted.erased) == ([], ["u"])
    log.close()


def test_a_store_that_fails_fails_those_who_wait_and_no_one_else(slow: Slow) -> None:
    slow.may.set()
    noted = Noted()
    log = EventLog(slow, [noted])  # type: ignore[arg-type]
    slow.failing = True
    with pytest.raises(Unavailable, match="disk is full"):
        log.append(some_events(3)).result(10)
    assert noted.events == []
    slow.failing = False
    assert all(a.new for a in log.append(some_events(3)).result(10))
    log.close()


def test_too_many_waiting_appends_are_refused(slow: Slow) -> None:
    log = EventLog(slow, [], most_waiting=5)  # type: ignore[arg-type]
    waiting = []

    def fill() -> None:
        for n in range(300):
            waiting.append(log.append(some_events(1, f"u{n}")))

    with pytest.raises(Overloaded):
        fill()
    slow.may.set()
    assert all(future.result(10)[0].new for future in waiting)
    log.close()


def test_closing_answers_what_waits_and_refuses_more(slow: Slow) -> None:
    log = EventLog(slow, [])  # type: ignore[arg-type]
    futures = [log.append(some_events(1, f"u{n}")) for n in range(10)]
    closing = threading.Thread(target=log.close)
    closing.start()
    slow.may.set()
    closing.join(10)
    assert all(future.result(0)[0].new for future in futures)
    with pytest.raises(Unavailable, match="shutting down"):
        log.append(some_events(1))
    log.close()
