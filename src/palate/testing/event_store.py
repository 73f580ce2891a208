"""What every store of the log of events must keep, whatever lies behind it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final, TypeAlias

import pytest

from palate.event_store import EventStore, NewEvent, StoredEvent
from palate.tables import Event

Opener: TypeAlias = Callable[[], EventStore]
"""Opens the same log again, as a process does that starts."""

TEXTS: Final = (
    "\0",
    "a\0b",
    "\\",
    "\\0",
    "\\\\0\0",
    "ü ✆ 中",
    "'; --",
    "%s",
    "{x}",
    "  ",
    "\n",
)
"""Texts that stores are likely to change."""


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

    @pytest.mark.parametrize("text", TEXTS)
    def test_any_text_stays_as_it_was(self, store: EventStore, text: str) -> None:
        """As an id, a kind, a value of the context; and it can be found by it."""
        (plain,) = some_events(1)
        event = replace(plain.event, user=text, item=text, action=text, request=text)
        given = NewEvent(text, replace(event, context={"said": text, text: 1}))
        assert store.append([plain, given])[1].new
        assert not store.append([given])[0].new
        assert store.read()[1].event == given.event
        assert [s.event_id for s in store.of_user(text)] == [text]
        assert [s.event for s in store.erase_user(text)] == [given.event]

    def test_numbers_stay_as_they_were(self, store: EventStore) -> None:
        """Whole or not, as far as 64 bits go."""
        (plain,) = some_events(1)
        events = [
            replace(plain.event, time=-(2**63), value=-1e30, position=1, propensity=1),
            replace(plain.event, time=2**63 - 1, value=3, position=2**31 - 1, propensity=0.1),
            replace(plain.event, time=None, value=0.1, position=None, propensity=None),
        ]
        store.append([NewEvent(str(number), event) for number, event in enumerate(events)])
        assert [s.event for s in store.read()] == events

    def test_the_events_of_a_user_are_found(self, store: EventStore) -> None:
        """All of them, in order, and no one else's."""
        store.append(some_events(4, "u"))
        store.append(some_events(4, "v"))
        store.append(some_events(4, "u", first=4))
        assert [s.event for s in store.of_user("u")] == [g.event for g in some_events(8, "u")]
        assert store.of_user("w") == []

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


class SharedEventStoreContract(EventStoreContract):
    """What a log that several processes open at the same time must keep besides; `opener` opens it
    again while it is open.
    """

    def test_what_one_appends_the_others_read(self, opener: Opener, store: EventStore) -> None:
        """At once, under the same offsets."""
        other = opener()
        done = store.append(some_events(5))
        assert [s.offset for s in other.read()] == [a.offset for a in done]
        assert other.last_offset() == done[-1].offset
        (next_one,) = other.append(some_events(1, "v"))
        assert next_one.offset > done[-1].offset
        assert not any(a.new for a in other.append(some_events(5)))
        assert len(store.erase_user("u")) == 5
        assert other.erasures() == 1
        other.close()

    def test_an_event_sent_to_two_is_kept_once(self, opener: Opener, store: EventStore) -> None:
        """Also at the same time; both are given the same offset."""
        stores = [store, opener()]
        with ThreadPoolExecutor(8) as pool:
            done = list(
                pool.map(
                    lambda n: stores[n % 2].append(some_events(5, first=n // 2 % 10)), range(60)
                )
            )
        assert sum(a.new for batch in done for a in batch) == 14
        at = {s.event_id: s.offset for s in store.read()}
        for number, batch in enumerate(done):
            names = [g.event_id for g in some_events(5, first=number // 2 % 10)]
            assert [at[name] for name in names] == [a.offset for a in batch]
        stores[1].close()

    def test_a_reader_passes_over_nothing(self, opener: Opener, store: EventStore) -> None:
        """However many append meanwhile: it reads on from the last event that it saw."""
        stores, reader, ended = [opener() for _ in range(4)], opener(), threading.Event()
        seen: list[int] = []

        def read_on() -> None:
            while True:
                last = ended.is_set()
                more = reader.read(seen[-1] if seen else 0, 7)
                seen.extend(s.offset for s in more)
                if last and not more:
                    return

        reading = threading.Thread(target=read_on)
        reading.start()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda n: stores[n % 4].append(some_events(3, f"u{n}")), range(80)))
        ended.set()
        reading.join()
        assert seen == [s.offset for s in store.read()]
        assert len(seen) == 240
        for one in (*stores, reader):
            one.close()
