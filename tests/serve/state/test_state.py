"""The state is a fold over the whole log, whatever happened on the way."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import sleep

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.event_store import NewEvent
from palate.serve.events.sqlite import SqliteEvents
from palate.serve.state.counter import Counter
from palate.serve.state.live import Folded, LiveState, StateSettings, replay
from palate.serve.state.snapshot import Erased, drop_snapshot, opened_state, write_snapshot
from palate.serve.state.snapshots import Snapshots
from palate.tables import Event

SETTINGS = StateSettings(recent=3, half_life_days=0.001)

events = st.builds(
    Event,
    user=st.sampled_from("uvw"),
    item=st.sampled_from("abcd"),
    action=st.sampled_from(("view", "buy", "")),
    time=st.none() | st.integers(0, 500) | st.just(2**62) | st.just(-(2**62)),
    value=st.sampled_from((1.0, 0.5)),
)
names = st.integers(0, 30).map(str)
Step = list[tuple[str, Event]] | str
steps: st.SearchStrategy[list[Step]] = st.lists(
    st.lists(st.tuples(names, events), max_size=6)  # an append
    | st.sampled_from(("restart", "snapshot", "crash", "erase u", "erase v")),
    max_size=12,
)


def expected(log: Sequence[Event]) -> tuple[dict[str, dict[str, list[str]]], dict[str, int]]:
    """Histories and counts by the slow and obvious way."""
    latest: dict[str, int] = {}
    rows: dict[str, dict[str, list[tuple[int, int, str]]]] = {}
    counts: dict[str, int] = {}
    for number, event in enumerate(log):
        time = latest.get(event.user, 0) if event.time is None else event.time
        latest[event.user] = max(time, latest.get(event.user, time))
        kinds = rows.setdefault(event.user, {})
        kept = sorted([*kinds.get(event.action, []), (time, number, event.item)])
        kinds[event.action] = kept[-SETTINGS.recent :]
        counts[event.item] = counts.get(event.item, 0) + 1
    histories = {
        user: {action: [item for _, _, item in kept] for action, kept in kinds.items()}
        for user, kinds in rows.items()
    }
    return histories, counts


def histories_of(folded: Folded) -> dict[str, dict[str, list[str]]]:
    return {
        user: {action: [t.item for t in kept] for action, kept in state.recent.items()}
        for user, state in folded.users.items()
    }


def whole(store: SqliteEvents) -> Folded:
    folded = Folded(SETTINGS)
    replay(folded, store)
    return folded


@given(steps)
def test_after_any_restarts_the_state_is_the_fold_of_the_log(taken: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log, snapshot = Path(folder) / "events.db", Path(folder) / "state.bin"
        store = SqliteEvents(log)
        folded, erased = opened_state(snapshot, store, SETTINGS), False
        for step in taken:
            if isinstance(step, list):
                store.append([NewEvent(name, event) for name, event in step])
                replay(folded, store)  # what is in the state already changes nothing
            elif step == "snapshot":
                write_snapshot(snapshot, LiveState(folded), store)
            elif step.startswith("erase"):
                folded.erase(step[-1], store.erase_user(step[-1]))
                erased = True
            else:
                if step == "restart":
                    write_snapshot(snapshot, LiveState(folded), store)
                store.close()
                store = SqliteEvents(log)
                folded = opened_state(snapshot, store, SETTINGS)
        again, kept = whole(store), [stored.event for stored in store.read()]
        store.close()
    histories, counts = expected(kept)
    assert histories_of(folded) == histories
    assert LiveState(folded).item_counts() == (counts, folded.offset)
    assert folded.users == again.users
    if erased:  # what was taken off a decayed counter leaves a rounding
        assert_alike(folded, again)
    else:
        assert (folded.items, folded.offset) == (again.items, again.offset)


def assert_alike(folded: Folded, again: Folded) -> None:
    assert folded.items.keys() == again.items.keys()
    for item, counters in again.items.items():
        assert folded.items[item].keys() == counters.keys()
        for action, counter in counters.items():
            assert folded.items[item][action].count == counter.count


@given(st.permutations(list(range(6))))
def test_a_counter_does_not_depend_on_the_order(order: list[int]) -> None:
    counter = Counter()
    for number in order:
        counter.add(number * 10, half_life=20)
    wanted = sum(2.0 ** -((100 - number * 10) / 20) for number in order)
    assert counter.count == 6
    assert math.isclose(counter.at(100, half_life=20), wanted)


@given(st.lists(st.integers(0, 100), min_size=1, max_size=8), st.data())
def test_what_is_removed_from_a_counter_had_never_been(
    times: list[int], data: st.DataObject
) -> None:
    gone = data.draw(st.sampled_from(times))
    counter, without = Counter(), Counter()
    for time in times:
        counter.add(time, half_life=20)
    times.remove(gone)
    for time in times:
        without.add(time, half_life=20)
    counter.remove(gone, half_life=20)
    assert counter.count == without.count
    assert math.isclose(counter.at(150, 20), without.at(150, 20), abs_tol=1e-9)


@pytest.fixture
def store(tmp_path: Path) -> SqliteEvents:
    return SqliteEvents(tmp_path / "events.db")


def append(store: SqliteEvents, n: int) -> None:
    first = store.last_offset()
    store.append([NewEvent(str(first + i), Event("u", str(i), time=i)) for i in range(n)])


def test_a_snapshot_spares_the_replay(store: SqliteEvents, tmp_path: Path) -> None:
    append(store, 5)
    write_snapshot(tmp_path / "s", LiveState(whole(store)), store)
    append(store, 1)
    with store._database.transaction() as connection:  # to see that they are not read
        connection.execute("UPDATE events SET item = 'x' WHERE offset <= 5")
    folded = opened_state(tmp_path / "s", store, SETTINGS)
    assert folded.offset == 6
    assert "x" not in folded.items


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "other settings", "other form"])
def test_a_snapshot_that_is_no_good_is_passed_over(
    store: SqliteEvents, tmp_path: Path, damage: str
) -> None:
    append(store, 5)
    path, settings = tmp_path / "s", SETTINGS
    write_snapshot(path, LiveState(whole(store)), store)
    stored = bytearray(path.read_bytes())
    if damage == "flip":
        stored[len(stored) // 2] ^= 1
    elif damage == "cut":
        del stored[-3:]
    elif damage == "empty":
        stored.clear()
    elif damage == "other settings":
        settings = StateSettings(recent=4)
    else:
        import hashlib

        import msgspec

        encoded = msgspec.msgpack.encode({"version": 2})
        stored = bytearray(hashlib.sha256(encoded).digest() + encoded)
    path.write_bytes(stored)
    folded = opened_state(path, store, settings)
    assert (folded.offset, len(folded.items)) == (5, 5)


def test_a_snapshot_is_right_whatever_comes_in_while_it_is_written(
    store: SqliteEvents, tmp_path: Path
) -> None:
    def some(n: int, first: int) -> list[NewEvent]:
        chosen = np.random.default_rng(first).integers(0, 200, (n, 2)).tolist()
        return [
            NewEvent(str(first + i), Event(f"u{u}", f"i{item}", "view", time=None if u % 7 else u))
            for i, (u, item) in enumerate(chosen)
        ]

    store.append(some(500, 0))
    state = LiveState(whole(store))

    def more() -> None:
        last = store.last_offset()
        store.append(some(20, last))
        state.follow(store.read(last))

    write_snapshot(tmp_path / "s", state, store, more)
    state.follow([])
    store.append(some(20, store.last_offset()))
    opened = opened_state(tmp_path / "s", store, SETTINGS)
    assert opened == whole(store)
    assert opened.offset > 560  # and not for want of anything in between


def test_a_snapshot_during_which_events_were_erased_is_not_kept(
    store: SqliteEvents, tmp_path: Path
) -> None:
    append(store, 5)
    state = LiveState(whole(store))
    with pytest.raises(Erased):
        write_snapshot(tmp_path / "s", state, store, lambda: store.erase_user("u") and None)
    assert list(tmp_path.glob("*s")) == []


def test_snapshots_are_written_by_a_thread_and_at_the_end(
    store: SqliteEvents, tmp_path: Path
) -> None:
    state = LiveState(Folded(SETTINGS))
    snapshots = Snapshots(tmp_path / "s", state, store, every=5)

    def take_in(n: int) -> None:
        last = store.last_offset()
        append(store, n)
        state.follow(store.read(last))
        snapshots.follow(store.read(last))

    take_in(4)
    assert not (tmp_path / "s").exists()
    take_in(1)
    for _ in range(1000):
        if (tmp_path / "s").exists():
            break
        sleep(0.005)
    assert (tmp_path / "s").exists()
    snapshots.erase("u", [])
    assert not (tmp_path / "s").exists()
    take_in(1)
    snapshots.close()
    assert opened_state(tmp_path / "s", store, SETTINGS) == whole(store)


def test_a_snapshot_from_before_an_erasure_is_passed_over(
    store: SqliteEvents, tmp_path: Path
) -> None:
    append(store, 5)
    write_snapshot(tmp_path / "s", LiveState(whole(store)), store)
    store.erase_user("u")
    assert opened_state(tmp_path / "s", store, SETTINGS).users == {}
    drop_snapshot(tmp_path / "s")
    drop_snapshot(tmp_path / "s")


def test_kinds_do_not_push_each_other_out_and_some_can_be_left_out() -> None:
    folded = Folded(SETTINGS)
    from palate.event_store import StoredEvent

    kinds = ["buy", *["view"] * 5, "impression"]
    for number, action in enumerate(kinds):
        folded.add(StoredEvent(number + 1, str(number), Event("u", str(number), action, number)))
    live = LiveState(folded)
    assert [d.taken.item for d in live.history("u", ("impression",))] == ["0", "3", "4", "5"]
    assert live.history("v") == []
    assert live.user_counters("u")["view"].count == 5
    assert live.user_counters("v") == {}
    assert live.item_counts(("impression",))[0]["6"] == 0
