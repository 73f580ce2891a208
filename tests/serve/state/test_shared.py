"""The state that processes share, on a real Valkey: one contract with the state in one process, any
order of steps of two processes, and what is left when something is away.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.serve.contracts.states import (
    SETTINGS,
    Opener,
    Process,
    SharedStateContract,
    StateContract,
    clicks,
    items_of,
)

from palate.data.address import parsed
from palate.errors import BadInput
from palate.event_store import EventStore, NewEvent, StoredEvent
from palate.serve.events.sqlite import SqliteEvents
from palate.serve.refusals import Unavailable
from palate.serve.state.live import Folded, LiveState, StateSettings, replay
from palate.serve.state.shared import SharedState
from palate.serve.state.valkey import ValkeyStates
from palate.serve.values import PLAIN, Encrypted, ValueCodec
from palate.tables import Event
from palate.testing.servers import Valkey, valkey


class Lost:
    """A log that can be away."""

    def __init__(self, store: EventStore) -> None:
        self.store, self.away = store, False

    def __getattr__(self, name: str) -> object:
        if self.away:
            raise Unavailable("the log is away")
        return getattr(self.store, name)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteEvents]:
    store = SqliteEvents(tmp_path / "events.db")
    yield store
    store.close()


class TestLiveState(StateContract):
    @pytest.fixture
    def opener(self, store: SqliteEvents) -> Opener:
        def opened() -> Process:
            folded = Folded(SETTINGS)
            replay(folded, store)
            return Process.of(store, LiveState(folded))

        return opened


def states(url: str, codec: ValueCodec = PLAIN, of: StateSettings = SETTINGS) -> ValkeyStates:
    return ValkeyStates(parsed(url), of, codec)


@pytest.fixture
def url(valkey_server: Valkey) -> str:
    return valkey_server.new_database()


class TestSharedState(SharedStateContract):
    @pytest.fixture
    def opener(self, store: SqliteEvents, url: str) -> Opener:
        return lambda: Process.of(store, SharedState(states(url), store))


class TestEncryptedState(SharedStateContract):
    @pytest.fixture
    def opener(self, store: SqliteEvents, url: str) -> Opener:
        codec = Encrypted([b"k" * 32])
        return lambda: Process.of(store, SharedState(states(url, codec), store))


def test_nothing_of_a_person_is_to_be_read_without_the_key(store: SqliteEvents, url: str) -> None:
    client = states(url).client
    process = Process.of(store, SharedState(states(url, Encrypted([b"k" * 32])), store))
    process.append(*clicks("u", "a very private item"))
    (kept,) = client.hvals("{palate}:users")
    assert b"private" not in kept
    with pytest.raises(BadInput, match="the key is missing"):
        SharedState(states(url), store).history("u")
    process.log.close()


def test_processes_with_other_settings_are_refused(store: SqliteEvents, url: str) -> None:
    SharedState(states(url), store)
    with pytest.raises(BadInput, match="folded with --recent 3 "):
        SharedState(states(url, of=StateSettings(recent=4)), store)


def test_without_a_server_it_does_not_start(store: SqliteEvents) -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        SharedState(states("redis://127.0.0.1:1/0"), store)
    with pytest.raises(BadInput, match="not understood"):
        states("http://127.0.0.1/0")


events = st.builds(
    Event,
    user=st.sampled_from("uvw"),
    item=st.sampled_from("abcd"),
    action=st.sampled_from(("view", "buy")),
    time=st.none() | st.integers(0, 500),
)
whose = st.integers(0, 1)
steps = st.lists(
    st.tuples(whose, st.lists(st.tuples(st.integers(0, 40).map(str), events), max_size=5))
    | st.tuples(whose, st.sampled_from(("erase u", "erase v", "look", "restart", "late"))),
    max_size=14,
)


@settings(max_examples=25)
@given(steps, st.booleans())
def test_any_steps_of_two_processes_make_the_fold_of_the_log(
    valkey_server: Valkey,
    tmp_path_factory: pytest.TempPathFactory,
    taken: list[tuple[int, list[tuple[str, Event]] | str]],
    forgets: bool,
) -> None:
    url = valkey_server.new_database()
    store = SqliteEvents(tmp_path_factory.mktemp("log") / "events.db")
    processes = [Process.of(store, SharedState(states(url), store)) for _ in range(2)]
    for number, (who, step) in enumerate(taken):
        process = processes[who]
        if isinstance(step, list):
            process.append(*(NewEvent(name, event) for name, event in step))
        elif step == "late":  # one that died between the commit and the fold
            store.append([NewEvent(f"late {number}", Event("u", "a", "view", 7))])
        elif step == "look":
            process.log.look_again()
        elif step == "restart":
            process.log.close()
            processes[who] = Process.of(store, SharedState(states(url), store))
        else:
            process.erase(step[-1])
    if forgets:
        states(url).client.flushdb()
    whole = Folded(SETTINGS)
    replay(whole, store)
    for process in processes:
        assert isinstance(process.state, SharedState)
        process.state.look_again()
        process.log.look_again()
        for user in "uvw":
            known = whole.users.get(user)
            expected = [] if known is None else known.history()
            assert process.state.history(user) == expected
            counters = process.state.user_counters(user)
            assert {a: c.count for a, c in counters.items()} == (
                {} if known is None else {a: c.count for a, c in known.counters.items()}
            )
        assert process.state.item_counts()[0] == LiveState(whole).item_counts()[0]
        process.log.close()
    assert states(url).n_users() == len(whole.users)
    store.close()


def test_a_process_that_erased_and_died_leaves_nothing_behind(
    store: SqliteEvents, url: str
) -> None:
    process = Process.of(store, SharedState(states(url), store))
    process.append(*clicks("u", "a"), *clicks("v", "b"))
    store.erase_user("u")  # and the state was never mended
    until = time.monotonic() + 10
    while states(url).client.hget("{palate}:users", "u") and time.monotonic() < until:
        process.state.look_again()  # type: ignore[attr-defined]
        time.sleep(0.1)
    process.log.look_again()
    assert items_of(process.state, "u") == []
    assert states(url).n_users() == 1
    assert process.state.item_counts()[0] == {"b": 1}
    process.log.close()


@pytest.fixture
def mortal() -> Iterator[Valkey]:
    with valkey() as running:
        yield running


def test_people_are_known_while_the_server_is_away_and_when_it_is_back_without_its_memory(
    store: SqliteEvents, mortal: Valkey
) -> None:
    log = Lost(store)
    process = Process.of(log, SharedState(states(mortal.url()), log))  # type: ignore[arg-type]
    process.append(*clicks("u", "a", "b"))
    mortal.server.kill()
    assert items_of(process.state, "u") == ["a", "b"]
    process.append(*clicks("u", "c", first=2))
    process.append(*clicks("v", "d"))
    assert items_of(process.state, "u") == ["a", "b", "c"]
    assert process.erase("v") == 1
    assert process.state.item_counts()[0] == {"a": 1, "b": 1, "c": 1}
    log.away = True
    assert items_of(process.state, "u") == ["a", "b", "c"]  # what was known last
    assert items_of(process.state, "w") == []
    log.away = False
    mortal.server.start()
    state = process.state
    assert isinstance(state, SharedState)
    for _ in range(100):
        try:
            state.look_again()
            break
        except Unavailable:
            time.sleep(0.05)
    found, kept = states(mortal.url()).user("u")
    assert found is not None
    assert found.without == store.erasures()
    assert kept is not None
    assert [done.taken.item for done in kept.history()] == ["a", "b", "c"]
    process.log.close()


def test_a_frozen_server_keeps_no_one_waiting(store: SqliteEvents, mortal: Valkey) -> None:
    process = Process.of(store, SharedState(states(mortal.url()), store))
    process.append(*clicks("u", "a"))
    mortal.server.freeze()
    started = time.monotonic()
    assert [items_of(process.state, "u") for _ in range(20)] == [["a"]] * 20
    assert time.monotonic() - started < 10  # one waited, not all
    mortal.server.thaw()
    process.log.close()


def test_what_waits_for_the_log_is_in_histories(store: SqliteEvents, url: str) -> None:
    waiting = [StoredEvent(2**62, "x", Event("u", "z", "view", 0))]
    state = SharedState(states(url), store, lambda user: waiting if user == "u" else ())
    process = Process.of(store, state)
    process.append(*clicks("u", "a"))
    assert items_of(state, "u") == ["a", "z"]
    assert items_of(state, "v") == []
    process.log.close()
