"""Leave the last event out: order, ties, short users, and targets that were seen before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.arrays import Ragged
from palate.data.splits.leave_last_out import LeaveLastOut, LeaveLastOutSettings
from palate.errors import Refused
from palate.evaluate.ranking import rank_scores
from palate.evaluate.slices import slices
from palate.tables import Histories, Interactions, Split


def names(split: Split, rows: np.ndarray) -> list[str]:
    return split.train.items.names(rows)


def test_last_two_events_are_targets(log_of: Callable[..., Interactions]) -> None:
    log = log_of(
        [
            ("u", "d", 1, 40),
            ("u", "a", 1, 10),
            ("u", "c", 1, 30),
            ("u", "b", 1, 20),
            ("v", "a", 1, 5),
        ]
    )
    split = LeaveLastOut().split(log, 0)
    assert names(split, split.train.item) == ["a", "b", "a"]
    assert names(split, split.validation.targets.values) == ["c"]
    assert names(split, split.validation.histories.items.values) == ["a", "b"]
    assert names(split, split.test.open("inspect").targets.values) == ["d"]
    assert names(split, split.test.open("inspect").histories.items.values) == ["a", "b", "c"]
    assert names(split, split.test.open("inspect").seen.values) == ["a", "c", "b"]
    assert split.test.open("inspect").histories.times is not None
    assert split.test.open("inspect").histories.times.tolist() == [10, 20, 30]
    assert split.notes == ("1 users with fewer than 3 events are only trained on.",)


def test_ties_keep_the_order_of_the_file(log_of: Callable[..., Interactions]) -> None:
    log = log_of([("u", item, 1, 7) for item in "qwertzuiop"])
    split = LeaveLastOut().split(log, 0)
    assert names(split, split.test.open("inspect").targets.values) == ["p"]
    assert names(split, split.validation.targets.values) == ["o"]
    assert names(split, split.test.open("inspect").histories.items.values) == list("qwertzuio")


def test_without_times_the_file_is_the_order_and_it_is_said(
    log_of: Callable[..., Interactions],
) -> None:
    split = LeaveLastOut().split(
        log_of([("u", i, 1, 9 - n) for n, i in enumerate("abcd")], times=False), 0
    )
    assert names(split, split.test.open("inspect").targets.values) == ["d"]
    assert split.test.open("inspect").histories.times is None
    assert any("no times" in note for note in split.notes)


def test_a_target_in_the_history_is_masked_and_counted(log_of: Callable[..., Interactions]) -> None:
    split = LeaveLastOut().split(log_of([("u", i, 1, n) for n, i in enumerate("abcdb")]), 0)
    assert names(split, split.test.open("inspect").targets.values) == ["b"]
    assert "b" in names(split, split.test.open("inspect").seen.values)
    assert any(note.startswith("1 of 1 test targets are masked") for note in split.notes)


def test_settings(log_of: Callable[..., Interactions]) -> None:
    log = log_of(
        [
            (u, i, v, n)
            for u in "uvw"
            for n, (i, v) in enumerate(zip("abcd", (5, 1, 4, 3), strict=True))
        ]
    )
    short = LeaveLastOut(LeaveLastOutSettings(test_history="train")).split(log, 0)
    assert names(short, short.test.open("inspect").histories.items[0]) == ["a", "b"]
    assert names(short, short.test.open("inspect").seen[0]) == ["a", "b", "c"]
    strict = LeaveLastOut(LeaveLastOutSettings(relevant_min=3, seen_min=4)).split(log, 0)
    assert names(strict, strict.test.open("inspect").seen[0]) == ["a", "c"]
    with pytest.raises(Refused):
        LeaveLastOut(LeaveLastOutSettings(relevant_min=4)).split(log, 0)
    with pytest.raises(Refused, match="leaves 12 training events and 0 test cases"):
        LeaveLastOut(LeaveLastOutSettings(min_events=5)).split(log, 0)
    capped = LeaveLastOut(LeaveLastOutSettings(n_validation_users=2)).split(log, 0)
    assert (len(capped.validation), len(capped.test)) == (2, 3)
    assert any("chosen at random" in note for note in capped.notes)
    chosen = {
        tuple(
            LeaveLastOut(LeaveLastOutSettings(n_validation_users=2))
            .split(log, s)
            .validation.histories.users
        )
        for s in range(20)
    }
    assert len(chosen) == 3
    known = LeaveLastOut(LeaveLastOutSettings(candidates="train")).split(log, 0)
    assert set(names(known, known.test.open("inspect").seen[0])) == {"a", "b", "c", "d"}


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 6), st.integers(0, 3)), min_size=1, max_size=40
    )
)
def test_against_plain_lists(events: list[tuple[int, int, int]]) -> None:
    from palate.tables import Vocabulary

    user, item, time = (np.array(column) for column in zip(*events, strict=True))
    log = Interactions(
        Vocabulary.of(range(5)),
        Vocabulary.of(range(7)),
        user.astype(np.int32),
        item.astype(np.int32),
        np.ones(len(events), np.float32),
        time.astype(np.int64),
    )
    sequences = {
        u: [e[1] for e in sorted((e for e in events if e[0] == u), key=lambda e: e[2])]
        for u in range(5)
    }
    long_ones = {u: s for u, s in sequences.items() if len(s) >= 3}
    if not long_ones:
        with pytest.raises(Refused):
            LeaveLastOut().split(log, 0)
        return
    split = LeaveLastOut().split(log, 0)
    assert split.test.open("inspect").histories.users.tolist() == sorted(long_ones)
    for case, u in enumerate(sorted(long_ones)):
        s = long_ones[u]
        assert split.test.open("inspect").targets[case].tolist() == [s[-1]]
        assert split.test.open("inspect").histories.items[case].tolist() == s[:-1]
        assert split.validation.targets[case].tolist() == [s[-2]]
        assert split.validation.histories.items[case].tolist() == s[:-2]
        assert set(split.test.open("inspect").seen[case]) == set(s[:-1])
    assert len(split.train) == len(events) - 2 * len(long_ones)


def test_beauty_has_the_published_cases(read_log: Callable[..., Interactions]) -> None:
    log = read_log("amazon-beauty", "interactions.parquet", "user_id", "item_id", time="position")
    split = LeaveLastOut().split(log, 0)
    assert (len(split.test.open("inspect")), len(split.validation), log.n_items) == (
        22_363,
        22_363,
        12_101,
    )
    assert split.notes == ()
    sizes = {s.name: int(s.targets.sum()) for s in slices(split)}
    assert (sizes["target 0"], sizes["target 1-5"], sizes["target >20"]) == (138, 6_059, 7_838)


def test_yelp_targets_seen_before_are_misses(read_log: Callable[..., Interactions]) -> None:
    log = read_log("yelp", "interactions.parquet", "user_id", "item_id", time="position")
    split = LeaveLastOut().split(log, 0)
    assert any(note.startswith("2,027 of 30,431 test targets are masked") for note in split.notes)
    again = [
        split.test.open("inspect").targets[c][0] in split.test.open("inspect").histories.items[c]
        for c in range(len(split.test.open("inspect")))
    ]
    cases = split.test.open("inspect").take(np.array(again))

    def what_was_had(histories: Histories) -> np.ndarray:
        return np.asarray(histories.matrix(log.n_items).toarray(), np.float32)

    ranks, _ = rank_scores(what_was_had, cases, 10)
    assert len(cases) == 2_027
    assert np.isinf(ranks.position).all()
    # What the fault would look like: with nothing masked the same scorer finds most of them.
    gift, _ = rank_scores(what_was_had, replace(cases, seen=Ragged.of([[]] * len(cases))), 10)
    assert np.mean(gift.position <= 10) > 0.5
