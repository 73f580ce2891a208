"""What every store of the log of events must keep, whatever lies behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import pytest

from palate.event_store import EventStore, NewEvent, StoredEvent
from palate.tables import Event

Opener: TypeAlias = Callable[[], EventStore]
"""Opens the same log again, as a process does that starts."""


def some_events(n: int, user: str = "u", first: int = 0) -> list[NewEvent]:
    """Events with every field, each under a name of its own."""
    return [
        NewEvent(
            f"{user}-{number}",
            Event(
                user,
                f"item {number % 7}",
                ("view", "buy", "")[number % 3],
                None if number % 5 == 4 else 1_700_000_000 + number,
                number / 4,
                f"request {number // 3}" if number % 2 else "",
                number % 4 or None,
                (number % 4) / 4 or None,
                {"device": "phone ✆", "hour": number, "price": 0.1, "inside": True},
            ),
        )
        for number in range(first, first + n)
    ]


class EventStoreContract:
    """Subclass it with a fixture `opener`; the log is empty at first."""

    @pytest.fixture
    def opener(self) -> Opener:
        """Opens the log; each call after `close` opens the same one."""
        raise NotImplementedError

    @pytest.fixture
    def store(self, opener: Opener) -> Iterator[EventStore]:
        """An empty log."""
        store = opener()
        yield store
        store.close()

    def test_what_is_read_is_what_was_kept(self, store: EventStore) -> None:
        """Every field of every event, in the order in which they came."""
        given = some_events(40)
        done = store.append(given)
        assert [a.new for a in done] == [True] * 40
        read = store.read()
        assert [(s.event_id, s.event) for s in read] == [(g.event_id, g.event) for g in given]
        assert [s.offset for s in read] == [a.offset for a in done]

    def test_offsets_grow_from_one(self, store: EventStore) -> None:
        """And the last one is known."""
        assert store.last_offset() == 0
        first = store.append(some_events(3))
        second = store.append(some_events(3, "v"))
        offsets = [a.offset for a in (*first, *second)]
        assert offsets == sorted(set(offsets))
        assert offsets[0] >= 1
        assert store.last_offset() == offsets[-1]

    def test_an_event_that_comes_again_is_kept_once(self, store: EventStore) -> None:
        """Also within one append, and whatever else the second one says."""
        one, other = some_events(2)
        again = NewEvent(one.event_id, other.event)
        first = store.append([one, again, other])
        assert [a.new for a in first] == [True, False, True]
        assert first[0].offset == first[1].offset
        assert store.last_offset() == first[2].offset
        second = store.append([other, one])
        assert [a.new for a in second] == [False, False]
        assert [a.offset for a in second] == [first[2].offset, first[0].offset]
        assert [s.event for s in store.read()] == [one.event, other.event]

    def test_reading_goes_on_from_any_offset(self, store: EventStore) -> None:
        """In pieces of any size."""
        offsets = [a.offset for a in store.append(some_events(10))]
        for start in range(10):
            read: list[StoredEvent] = []
            while more := store.read(read[-1].offset if read else offsets[start], 3):
                assert len(more) <= 3
                read += more
            assert [s.offset for s in read] == offsets[start + 1 :]

    def test_nothing_is_an_append_too(self, store: EventStore) -> None:
        """And changes nothing."""
        assert store.append([]) == []
        assert store.read() == []

    def test_it_is_there_after_a_restart(self, opener: Opener) -> None:
        """Events, names, offsets."""
        store = opener()
        before = store.append(some_events(5))
        store.close()
        store = opener()
        assert [s.offset for s in store.read()] == [a.offset for a in before]
        assert not any(a.new for a in store.append(some_events(5)))
        (one,) = store.append(some_events(1, "v"))
        assert one.offset > before[-1].offset
        store.close()

    def test_a_user_can_be_erased(self, opener: Opener) -> None:
        """For good; the others' events stay as they are, and no offset is given again."""
        store = opener()
        store.append(some_events(4, "u"))
        kept = store.append(some_events(4, "v"))
        last = store.append(some_events(4, "u", first=4))[-1].offset
        assert store.erasures() == 0
        gone = store.erase_user("u")
        assert [s.event for s in gone] == [g.event for g in some_events(8, "u")]
        assert [s.offset for s in store.read()] == [a.offset for a in kept]
        assert store.last_offset() == last
        assert store.erasures() == 1
        store.close()
        store = opener()
        assert store.erasures() == 1
        assert {s.event.user for s in store.read()} == {"v"}
        (again,) = store.append(some_events(1, "w"))
        assert again.offset > last
        store.close()

    def test_erasing_no_one_counts_as_nothing(self, store: EventStore) -> None:
        """What was made of the log stays good."""
        store.append(some_events(2))
        assert store.erase_user("somebody else") == []
        assert store.erasures() == 0

    def test_many_threads_may_append(self, store: EventStore) -> None:
        """Each event is there once, under its own offset."""
        with ThreadPoolExecutor(8) as pool:
            done = list(pool.map(lambda n: store.append(some_events(5, f"u{n % 20}")), range(40)))
        assert sum(a.new for batch in done for a in batch) == 100
        read = store.read()
        assert len(read) == 100
        at = {s.event_id: s.offset for s in read}
        for number, batch in enumerate(done):
            names = [g.event_id for g in some_events(5, f"u{number % 20}")]
            assert [at[name] for name in names] == [a.offset for a in batch]
