from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.arrays import Ragged
from palate.errors import BadInput
from palate.tables import Cases, Coded, Histories, Interactions, SealedCases, Vocabulary

Event = tuple[int, int, float, int]
events = st.lists(
    st.tuples(
        st.integers(0, 3), st.integers(0, 5), st.sampled_from([1.0, 2.5]), st.integers(-2, 2)
    ),
    max_size=25,
)
users = st.lists(st.integers(-1, 3), max_size=6)


def log_of(rows: list[Event], *, timed: bool = True) -> Interactions:
    user, item, value, time = (
        (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [], [])
    )
    return Interactions(
        Vocabulary(tuple("abcd")),
        Vocabulary(tuple("012345")),
        np.array(user, np.int32),
        np.array(item, np.int32),
        np.array(value, np.float32),
        np.array(time, np.int64) if timed else None,
    )


def slow_histories(rows: list[Event], asked: list[int], *, timed: bool) -> list[list[Event]]:
    """What each user did, oldest first, ties in the order of the log."""
    ordered = sorted(rows, key=lambda r: r[3]) if timed else rows
    return [[r for r in ordered if r[0] == user] for user in asked]


def as_lists(histories: Histories) -> list[list[tuple[int, float, int | None]]]:
    out = []
    for case in range(len(histories)):
        span = range(*histories.items.offsets[case : case + 2].tolist())
        times = histories.times
        out.append(
            [
                (
                    int(histories.items.values[i]),
                    float(histories.values[i]),
                    None if times is None else int(times[i]),
                )
                for i in span
            ]
        )
    return out


@given(events, users, st.booleans())
def test_histories_against_a_slow_reference(
    rows: list[Event], asked: list[int], timed: bool
) -> None:
    histories = Histories.of(log_of(rows, timed=timed), np.array(asked, np.int32))
    expected = [
        [(item, value, time if timed else None) for _, item, value, time in events_of]
        for events_of in slow_histories(rows, asked, timed=timed)
    ]
    assert as_lists(histories) == expected
    assert histories.users.tolist() == asked
    assert histories.users.dtype == np.int32
    assert histories.items.values.dtype == np.int32


def test_a_user_may_be_asked_for_twice_and_nobody_gets_nothing() -> None:
    log = log_of([(1, 4, 1.0, 9), (1, 2, 1.0, 3)])
    histories = Histories.of(log, np.array([1, -1, 1, 0], np.int32))
    assert [h.tolist() for h in histories.items] == [[2, 4], [], [2, 4], []]


@given(events, users)
def test_ages_count_back_from_the_newest(rows: list[Event], asked: list[int]) -> None:
    histories = Histories.of(log_of(rows), np.array(asked, np.int32))
    expected = [age for length in histories.items.lengths() for age in range(length - 1, -1, -1)]
    assert histories.ages().tolist() == expected


@given(events, users, st.randoms())
def test_matrix_against_a_slow_reference(rows: list[Event], asked: list[int], random: Any) -> None:
    histories = Histories.of(log_of(rows), np.array(asked, np.int32))
    weights = np.array(
        [random.choice([-1.0, 0.5, 2.0]) for _ in histories.items.values], np.float64
    )
    plain, weighted = np.zeros((2, len(asked), 6), np.float32)
    for place, (case, item) in enumerate(
        zip(histories.items.row_of_value(), histories.items.values, strict=True)
    ):
        plain[case, item] = 1.0
        weighted[case, item] += weights[place]
    assert histories.matrix(6).toarray().tolist() == plain.tolist()
    got = histories.matrix(6, weights)
    assert got.dtype == np.float32
    assert got.shape == (len(asked), 6)
    assert got.toarray().tolist() == weighted.tolist()


@given(events, users, st.booleans(), st.randoms())
def test_take_picks_cases_with_all_that_belongs_to_them(
    rows: list[Event], asked: list[int], timed: bool, random: Any
) -> None:
    histories = Histories.of(log_of(rows, timed=timed), np.array(asked, np.int32))
    whole = as_lists(histories)
    picked = [random.randrange(len(asked)) for _ in range(4)] if asked else []
    taken = histories.take(np.array(picked, np.int64))
    assert as_lists(taken) == [whole[i] for i in picked]
    assert taken.users.tolist() == [asked[i] for i in picked]
    keep = np.array([random.random() < 0.5 for _ in asked], np.bool_)
    assert as_lists(histories.take(keep)) == [h for h, k in zip(whole, keep, strict=True) if k]


def with_actions(rows: list[Event]) -> Interactions:
    """What was done is written in the value of each event, so that one tells the other."""
    names = {1.0: "view", 2.5: "buy"}
    return replace(log_of(rows), action=Coded.of([names[row[2]] for row in rows]))


def done(histories: Histories) -> list[tuple[str | None, float]]:
    assert histories.actions is not None
    return list(zip(histories.actions.texts().to_list(), histories.values.tolist(), strict=True))


@given(events, users, st.randoms())
def test_actions_stay_beside_their_events(rows: list[Event], asked: list[int], random: Any) -> None:
    histories = Histories.of(with_actions(rows), np.array(asked, np.int32))
    picked = [random.randrange(len(asked)) for _ in range(4)] if asked else []
    for some in (histories, histories.take(np.array(picked, np.int64))):
        assert all(name == {1.0: "view", 2.5: "buy"}[value] for name, value in done(some))
    assert Histories.of(log_of(rows), np.array(asked, np.int32)).actions is None


@given(events, users, st.integers(0, 3))
def test_keep_leaves_the_other_events_out(rows: list[Event], asked: list[int], last: int) -> None:
    histories = Histories.of(with_actions(rows), np.array(asked, np.int32))
    kept = histories.keep(histories.ages() < last)
    assert as_lists(kept) == [h[len(h) - min(last, len(h)) :] for h in as_lists(histories)]
    assert kept.users.tolist() == asked
    assert all(name == {1.0: "view", 2.5: "buy"}[value] for name, value in done(kept))


def test_histories_of_items_alone_are_of_nobody() -> None:
    histories = Histories.of_items(Ragged.of([[3, 1], []]))
    assert histories.users.tolist() == [-1, -1]
    assert histories.values.tolist() == [1.0, 1.0]
    assert histories.times is None


def test_cases_are_taken_whole() -> None:
    cases = Cases(
        Histories.of_items(Ragged.of([[1], [2, 3], []])),
        Ragged.of([[1], [2, 3], []]),
        Ragged.of([[4], [5], [0, 1]]),
    )
    taken = cases.take(np.array([2, 0]))
    assert len(taken) == 2
    assert [t.tolist() for t in taken.targets] == [[0, 1], [4]]
    assert [t.tolist() for t in taken.seen] == [[], [1]]
    assert [t.tolist() for t in taken.histories.items] == [[], [1]]


def test_what_does_not_stand_side_by_side_is_refused() -> None:
    items = Ragged.of([[1], [2]])
    with pytest.raises(BadInput, match="1 users and 2 histories"):
        Histories(np.zeros(1, np.int32), items, np.ones(2, np.float32))
    with pytest.raises(BadInput, match="2 items, but 3 values"):
        Histories(np.zeros(2, np.int32), items, np.ones(3, np.float32))
    with pytest.raises(BadInput, match="2 items, but 2 values and 1 times"):
        Histories(np.zeros(2, np.int32), items, np.ones(2, np.float32), np.zeros(1, np.int64))
    with pytest.raises(BadInput, match="2 histories, 2 seen, 1 targets"):
        Cases(Histories.of_items(items), items, Ragged.of([[1]]))
    with pytest.raises(BadInput, match="2 items, but 1 actions"):
        Histories(np.zeros(2, np.int32), items, np.ones(2, np.float32), actions=Coded.of(["view"]))


def test_some_test_users_are_drawn_by_seed_with_all_their_cases() -> None:
    users = np.array([0, 0, 1, 2, -1, -1, 3], np.int32)
    items = Ragged.of([[0]] * 7)
    cases = Cases(Histories(users, items, np.ones(7, np.float32)), items, items)
    sealed = SealedCases(cases)
    assert sealed.n_users() == 6
    assert sealed.of_some_users(6, 0) is sealed
    for seed in range(20):
        some = sealed.of_some_users(3, seed)
        assert some.n_users() == 3
        asked = some.open("inspect").histories.users
        assert np.count_nonzero(asked == 0) in (0, 2)
        again = sealed.of_some_users(3, seed).open("inspect").histories.users
        np.testing.assert_array_equal(asked, again)
