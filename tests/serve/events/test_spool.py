"""Events that are kept while the log is away: once each, in order, by whom they were left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from palate.event_store import Appended, EventStore, NewEvent
from palate.serve.events.spool import SpooledEvents, open_spool
from palate.serve.events.sqlite import SqliteEvents
from palate.serve.refusals import Unavailable
from palate.testing.event_store import EventStoreContract, Opener, some_events


class Lost:
    """A log that can be away."""

    def __init__(self, store: SqliteEvents) -> None:
        self.store, self.away = store, False

    def append(self, events: list[NewEvent]) -> list[Appended]:
        if self.away:
            raise Unavailable("the log is away")
        return self.store.append(events)

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Lost]:
    log = Lost(SqliteEvents(tmp_path / "events.db"))
    yield log
    log.store.close()


def spooled(log: object, folder: Path) -> SpooledEvents:
    return SpooledEvents(log, open_spool(folder)[1])  # type: ignore[arg-type]


class TestSpooled(EventStoreContract):
    @pytest.fixture
    def opener(self, tmp_path: Path) -> Opener:
        def opened() -> EventStore:
            return spooled(SqliteEvents(tmp_path / "events.db"), tmp_path)

        return opened


def test_what_came_while_the_log_was_away_is_moved_once(log: Lost, tmp_path: Path) -> None:
    events = spooled(log, tmp_path)
    events.append(some_events(2))
    log.away = True
    assert events.append(some_events(5)) == [Appended(0, True)] * 5  # two of which the log has
    assert events.append(some_events(5)) == [Appended(0, False)] * 5
    assert events.waiting == 5
    assert [one.event for one in events.pending("u")] == [g.event for g in some_events(5)]
    with pytest.raises(Unavailable):
        events.move(lambda: None)
    log.away = False
    taken_up: list[int] = []
    events.move(lambda: taken_up.append(len(events.pending("u"))))
    assert taken_up == [5]  # they are seen until the state has them
    assert (events.waiting, events.pending("u")) == (0, ())
    assert [one.event_id for one in log.store.read()] == [e.event_id for e in some_events(5)]


def test_what_waits_outlives_the_process(log: Lost, tmp_path: Path) -> None:
    first, second = (spooled(log, tmp_path) for _ in range(2))
    log.away = True
    first.append(some_events(3, "u"))
    second.append(some_events(3, "v"))
    first._spool.close()
    second._spool.close()
    only = spooled(log, tmp_path)  # takes over what the other one left
    assert only.waiting == 6
    log.away = False
    only.move(lambda: None)
    assert len(log.store.read()) == 6
    only._spool.close()


def test_erased_users_do_not_wait(log: Lost, tmp_path: Path) -> None:
    events = spooled(log, tmp_path)
    log.away = True
    events.append([*some_events(3, "u"), *some_events(2, "v")])
    log.away = False
    assert events.erase_user("u") == []
    assert events.pending("u") == ()
    events.move(lambda: None)
    assert {one.event.user for one in log.store.read()} == {"v"}
    events._spool.close()
