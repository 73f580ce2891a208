"""What every state of a service must keep, in one process or shared by several."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from palate.event_store import EventStore, NewEvent
from palate.serve.events.log import EventLog
from palate.serve.state.live import StateSettings
from palate.serve.state.service_state import ServiceState
from palate.tables import Event

SETTINGS = StateSettings(recent=3, half_life_days=0.001)


@dataclass
class Process:
    """A log with the state that follows it, as one process has them."""

    store: EventStore
    state: ServiceState
    log: EventLog

    @classmethod
    def of(cls, store: EventStore, state: ServiceState) -> Process:
        return cls(store, state, EventLog(store, [state], position=state.offset))

    def append(self, *events: NewEvent) -> list[int]:
        return [done.offset for done in self.log.append(events).result(20)]

    def erase(self, user: str) -> int:
        return len(self.log.erase(user).result(20))


Opener = Callable[[], Process]
"""Opens a process over the same log, as one does that starts."""


def clicks(user: str, *items: str, first: int = 0, action: str = "view") -> list[NewEvent]:
    """One event an item, a second apart."""
    return [
        NewEvent(f"{user} {action} {first + number}", Event(user, item, action, first + number))
        for number, item in enumerate(items)
    ]


def items_of(state: ServiceState, user: str) -> list[str]:
    return [done.taken.item for done in state.history(user)]


class StateContract:
    """Subclass it with a fixture `opener`; the log is empty at first."""

    @pytest.fixture
    def opener(self) -> Opener:
        raise NotImplementedError

    @pytest.fixture
    def one(self, opener: Opener) -> Iterator[Process]:
        process = opener()
        yield process
        process.log.close()

    def test_what_is_answered_is_known(self, one: Process) -> None:
        """Histories and counters, each event once."""
        one.append(*clicks("u", "a", "b"))
        one.append(*clicks("u", "a", "b"), *clicks("v", "a"))
        assert items_of(one.state, "u") == ["a", "b"]
        assert items_of(one.state, "w") == []
        assert one.state.user_counters("u")["view"].count == 2
        assert one.state.user_counters("w") == {}
        assert one.state.item_counters("a")["view"].count == 2
        assert one.state.item_counters("x") == {}
        assert one.state.item_counts() == ({"a": 2, "b": 1}, 3)
        assert one.state.offset == 3

    def test_recent_events_of_each_kind(self, one: Process) -> None:
        """In the order of their times; some kinds can be left out."""
        one.append(*clicks("u", "a", "b", "c", "d", first=10))
        one.append(*clicks("u", "e", first=9), *clicks("u", "f", first=12, action="buy"))
        assert items_of(one.state, "u") == ["b", "c", "f", "d"]
        assert [d.taken.item for d in one.state.history("u", ("view",))] == ["f"]
        assert one.state.item_counts(("view",))[0] == dict.fromkeys("abcde", 0) | {"f": 1}

    def test_an_erased_user_had_never_been(self, one: Process) -> None:
        """And may come again."""
        one.append(*clicks("u", "a", "b"), *clicks("v", "b"))
        assert one.erase("u") == 2
        assert one.erase("u") == 0
        assert items_of(one.state, "u") == []
        assert one.state.user_counters("u") == {}
        assert one.state.item_counts()[0] == {"b": 1}
        assert items_of(one.state, "v") == ["b"]
        one.append(*clicks("u", "c"))
        assert items_of(one.state, "u") == ["c"]

    def test_it_is_the_same_after_a_start(self, opener: Opener, one: Process) -> None:
        """The fold of the whole log."""
        one.append(*clicks("u", "a", "b"), *clicks("v", "b"))
        one.erase("v")
        one.append(*clicks("w", "a", "c"))
        again = opener()
        assert [items_of(again.state, user) for user in "uvw"] == [["a", "b"], [], ["a", "c"]]
        assert again.state.item_counts() == one.state.item_counts()
        assert again.state.user_counters("w")["view"] == one.state.user_counters("w")["view"]
        assert again.state.half_life == SETTINGS.half_life
        again.log.close()


class SharedStateContract(StateContract):
    """What several processes over one log must keep besides; `opener` opens one more."""

    def test_what_one_took_in_the_others_know(self, opener: Opener, one: Process) -> None:
        """People at once, items after a look."""
        other = opener()
        one.append(*clicks("u", "a", "b"))
        assert items_of(other.state, "u") == ["a", "b"]
        other.append(*clicks("u", "c", first=2))
        assert items_of(one.state, "u") == ["a", "b", "c"]
        assert other.state.item_counts()[0] == {"a": 1, "b": 1, "c": 1}
        one.log.look_again()
        assert one.state.item_counts() == other.state.item_counts()
        other.log.close()

    def test_an_event_that_comes_to_both_counts_once(self, opener: Opener, one: Process) -> None:
        """Also when both are given it at the same time."""
        other = opener()
        waiting = []
        for number in range(20):
            event = clicks("u", "a", first=number)
            waiting += [one.log.append(event), other.log.append(event)]
        assert sum(done.new for future in waiting for done in future.result(20)) == 20
        for process in (one, other):
            process.log.look_again()
            assert process.state.user_counters("u")["view"].count == 20
            assert process.state.item_counters("a")["view"].count == 20
        other.log.close()

    def test_a_user_erased_in_one_is_erased_in_the_others(
        self, opener: Opener, one: Process
    ) -> None:
        """People at once, items after a look; in whatever order."""
        other = opener()
        one.append(*clicks("u", "a", "b"), *clicks("v", "a"))
        other.append(*clicks("w", "a"))
        one.erase("u")
        assert items_of(other.state, "u") == []
        other.erase("v")
        for process in (one, other):
            process.log.look_again()
            assert [items_of(process.state, user) for user in "uvw"] == [[], [], ["a"]]
            assert process.state.item_counts()[0] == {"a": 1}
        one.append(*clicks("u", "c"))
        assert items_of(other.state, "u") == ["c"]
        other.log.close()
