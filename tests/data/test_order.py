"""The order test: what it must see, and what it must not mistake for a sorted file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from palate.data.order import Order, order_of
from palate.tables import Coded, Interactions, Vocabulary

import polars as pl  # isort: skip

Ints = NDArray[np.int64]
SEEDS = range(20)


def log_of(
    user: Ints, item: Ints, value: NDArray[np.float64] | None = None, time: Ints | None = None
) -> Interactions:
    """A log whose items are numbered as given."""
    n_users, n_items = int(user.max()) + 1, int(item.max()) + 1
    return Interactions(
        Vocabulary.of(range(n_users)),
        Vocabulary.of(range(n_items)),
        user.astype(np.int32),
        item.astype(np.int32),
        (np.ones(len(user)) if value is None else value).astype(np.float32),
        time,
    )


def people(seed: int, n_users: int = 60, n_items: int = 60, mean: int = 12) -> Interactions:
    """A log in the order of its events: tastes change, and one thing leads to another."""
    rng = np.random.default_rng(seed)
    follows = rng.integers(0, n_items, (n_items, 3))
    users, items, times = [], [], []
    for u in range(n_users):
        n = int(rng.integers(max(mean // 2, 3), mean * 2))
        item, start = int(rng.integers(n_items)), rng.integers(0, 10_000)
        for t in np.sort(rng.integers(0, 400, n)) + start:
            users.append(u)
            items.append(item)
            times.append(int(t))
            nexts = int(follows[item, rng.integers(3)])
            item = nexts if rng.random() < 0.6 else int(n_items * rng.beta(1, 3))
    return log_of(np.array(users), np.array(items), rng.integers(1, 6, len(users)) * 1.0)


def as_numbered(log: Interactions) -> Interactions:
    """The same log, its items numbered as they appear."""
    first = {item: i for i, item in enumerate(dict.fromkeys(log.item.tolist()))}
    item = np.array([first[i] for i in log.item.tolist()])
    return log_of(log.user.astype(np.int64), item, log.value.astype(np.float64))


def sorted_by(log: Interactions, *keys: NDArray[np.generic]) -> Interactions:
    return log.take(np.lexsort(keys[::-1]))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_file_sorted_in_any_way_has_no_order(seed: int) -> None:
    log = people(seed)
    shuffled = log.take(np.random.default_rng(seed).permutation(len(log)))
    hidden_key = np.random.default_rng(seed).permutation(log.n_items)[shuffled.item]
    cases = {
        "item": sorted_by(shuffled, shuffled.item),
        "user and item": sorted_by(shuffled, shuffled.user, shuffled.item),
        "user and item, downwards": sorted_by(shuffled, shuffled.user, -shuffled.item),
        "value": sorted_by(shuffled, shuffled.value),
        "user and value": sorted_by(shuffled, shuffled.user, -shuffled.value),
        "user and a name of the item": sorted_by(shuffled, shuffled.user, hidden_key),
        "a name of the item": sorted_by(shuffled, hidden_key),
    }
    wrong = {name: order_of(case).reason for name, case in cases.items() if order_of(case).real}
    assert not wrong


@pytest.mark.parametrize("seed", SEEDS)
def test_real_sequences_keep_their_order_however_items_are_numbered(seed: int) -> None:
    """The negative control: blocks of users and interleaved rows, own ids and running numbers."""
    blocks = people(seed)
    rng = np.random.default_rng(seed)
    when = np.cumsum(rng.exponential(1, len(blocks))) % 500 + rng.integers(0, 50)
    interleaved = sorted_by(blocks, _within(blocks, when))
    for log in (blocks, interleaved, as_numbered(blocks), as_numbered(interleaved)):
        assert order_of(log).real, order_of(log).reason


def _within(log: Interactions, start: NDArray[np.float64]) -> NDArray[np.float64]:
    # every user's events at growing times from a start of his own on
    first = np.concatenate([[True], log.user[1:] != log.user[:-1]])
    begin = start[np.maximum.accumulate(np.where(first, np.arange(len(log)), 0))]
    step = np.arange(len(log)) - np.maximum.accumulate(np.where(first, np.arange(len(log)), 0))
    return np.asarray(begin + step * 0.5)


def test_false_alarms_are_rare_where_every_event_is_drawn_anew() -> None:
    """Independent draws have no order; small logs are left alone, large ones are recognised."""
    small = [people(seed, n_users=10, n_items=20, mean=5) for seed in range(200)]
    assert np.mean([order_of(as_numbered(log)).real for log in small]) >= 0.98
    rng = np.random.default_rng(0)
    large = [log_of(rng.integers(0, 300, 20_000), rng.zipf(1.5, 20_000) % 500) for _ in range(5)]
    assert not any(order_of(log).real for log in large)


@pytest.mark.parametrize("n_users", [10, 100, 3000])
def test_it_holds_from_fifty_events_on(n_users: int) -> None:
    rng = np.random.default_rng(1)
    item = np.sort(rng.integers(0, 30, (n_users, 5)), axis=1)
    assert not order_of(log_of(np.repeat(np.arange(n_users), 5), item.ravel())).real


def test_a_large_log_is_sampled_and_judged_alike() -> None:
    rng = np.random.default_rng(2)
    item = rng.integers(0, 2000, (40_000, 8))
    user = np.repeat(np.arange(40_000), 8)
    assert "ascend" in order_of(log_of(user, np.sort(item, axis=1).ravel())).reason
    assert "by chance" in order_of(log_of(user, item.ravel() % 50)).reason


def test_rows_grouped_by_item_but_for_one_that_comes_twice() -> None:
    log = people(3, n_users=200)
    rows = np.lexsort((np.random.default_rng(3).permutation(len(log)), log.item))
    twice = np.concatenate([rows[20:], rows[:20]])
    found = order_of(log.take(twice))
    assert not found.real
    assert found.reason == (
        "The log has no times, and its rows are grouped by item: the order of the rows is not one"
        " of events."
    )


def test_values_are_compared_within_one_action() -> None:
    """Bought, then played so many hours, the most played game first."""
    rng = np.random.default_rng(4)
    user = np.repeat(np.arange(40), 10)
    hours = -np.sort(-rng.exponential(20, (40, 5)), axis=1)
    value = np.stack([np.ones((40, 5)), hours], axis=2).ravel()
    item = np.repeat(np.argsort(rng.random((40, 30)), axis=1)[:, :5].ravel(), 2)
    action = Coded.of(pl.Series(["purchase", "play"] * 200))
    log = replace(log_of(user, item, value), action=action)
    assert "descend" in order_of(log).reason
    assert not order_of(log).real


T0 = 1_400_000_000


@pytest.mark.parametrize(
    ("time", "real", "word"),
    [
        ("clock", True, "has timestamps."),
        ("constant", False, "All events have the same time"),
        ("one a user", False, "do not tell what a user did first"),
        ("dates", True, "among these the order of the rows decides"),
        ("ranks", True, "nothing speaks against the order of the ranks"),
        ("ranks of a sorted file", False, "item ids ascend"),
        ("row numbers of a sorted file", False, "item ids ascend"),
    ],
)
def test_times(time: str, real: bool, word: str) -> None:
    log = people(5)
    n = len(log)
    rank = np.concatenate([np.arange(c) for c in np.bincount(log.user)])
    tidy = sorted_by(log, log.user, log.item)
    rng = np.random.default_rng(5)
    cases: dict[str, Interactions] = {
        "clock": replace(log, time=T0 + rng.permutation(n) * 1000),
        "constant": replace(log, time=np.full(n, T0)),
        "one a user": replace(log, time=T0 + 86_400 * log.user.astype(np.int64)),
        "dates": replace(log, time=T0 + 86_400 * (rank // 3)),
        "ranks": replace(log, time=rank),
        "ranks of a sorted file": replace(tidy, time=rank),
        "row numbers of a sorted file": replace(tidy, time=np.arange(n)),
    }
    found = order_of(cases[time])
    assert found.real == real
    assert word in found.reason
    assert found.by_time == (time in ("clock", "dates"))


def test_nothing_to_order() -> None:
    once = log_of(np.arange(5), np.arange(5))
    assert order_of(once) == Order(False, "No user has two events: there is no order to speak of.")
    assert not order_of(once.take(np.zeros(0, np.int64))).real
    few = log_of(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))
    assert order_of(few).real


@given(st.integers(0, 2**31), st.integers(2, 400), st.booleans())
@settings(max_examples=40, deadline=None)
def test_the_names_of_users_and_the_unit_of_time_do_not_matter(
    seed: int, n: int, timed: bool
) -> None:
    rng = np.random.default_rng(seed)
    user, item = rng.integers(0, 20, n), rng.integers(0, 30, n)
    time = np.sort(rng.integers(T0, T0 + 10**6, n)) if timed else None
    log = log_of(user, item, rng.integers(0, 3, n) * 1.0, time)
    other = log_of(19 - user, item, log.value.astype(np.float64), time)
    assert order_of(log).real == order_of(other).real
    if timed:
        later = replace(log, time=log.time + 86_400) if log.time is not None else log
        assert order_of(later) == order_of(log)
