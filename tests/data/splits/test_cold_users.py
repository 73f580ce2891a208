"""Users withheld wholly."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from palate.data.splits.cold_users import ColdUsers, ColdUsersSettings
from palate.errors import Refused
from palate.tables import Interactions
from palate.testing.logs import made_log


def test_withheld_users_are_not_trained_on() -> None:
    log = made_log()
    split = ColdUsers().split(log, 3)
    test, validation = (
        set(split.test.open("inspect").histories.users),
        set(split.validation.histories.users),
    )
    assert (len(test), len(validation)) == (6, 6)
    assert not test & validation
    assert not (test | validation) & set(split.train.user)
    assert set(split.train.user) == set(log.user) - test - validation
    assert split.notes[0] == "6 users are withheld for the test and 6 others for validation."


def test_the_older_half_is_the_history(log_of: Callable[..., Interactions]) -> None:
    log = log_of([(f"u{u}", i, 1, 10 - n) for u in range(10) for n, i in enumerate("abcde")])
    split = ColdUsers().split(log, 0)
    assert log.items.names(split.test.open("inspect").histories.items[0]) == ["e", "d"]
    assert set(log.items.names(split.test.open("inspect").targets[0])) == {"a", "b", "c"}
    assert set(split.test.open("inspect").seen[0]) == set(
        split.test.open("inspect").histories.items[0]
    )
    first = ColdUsers(ColdUsersSettings(max_history=1)).split(log, 0)
    assert log.items.names(first.test.open("inspect").histories.items[0]) == ["e"]
    assert len(first.test.open("inspect").targets[0]) == 4


def test_at_least_one_event_on_either_side(log_of: Callable[..., Interactions]) -> None:
    log = log_of([(f"u{u}", i, 1, n) for u in range(10) for n, i in enumerate("ab")])
    for share in (0.01, 0.5, 0.99):
        split = ColdUsers(ColdUsersSettings(history_share=share)).split(log, 0)
        assert log.items.names(split.test.open("inspect").histories.items[0]) == ["a"]
        assert log.items.names(split.test.open("inspect").targets[0]) == ["b"]


def test_users_of_few_events_are_never_withheld(log_of: Callable[..., Interactions]) -> None:
    log = log_of(
        [("one", "a", 1, 0)] + [(f"u{u}", i, 1, n) for u in range(3) for n, i in enumerate("abcd")]
    )
    for seed in range(10):
        split = ColdUsers(ColdUsersSettings(share=0.5, validation_share=0.25)).split(log, seed)
        assert 0 in split.train.user
        assert len(split.test.open("inspect")) == 2
        assert len(split.validation) == 1


def test_nobody_left_is_refused() -> None:
    with pytest.raises(Refused):
        ColdUsers(ColdUsersSettings(share=0.99, validation_share=0.9)).split(made_log(), 0)
    with pytest.raises(Refused):
        ColdUsers(ColdUsersSettings(min_events=1000)).split(made_log(), 0)


def test_seeds_choose_users() -> None:
    log = made_log()
    chosen = [tuple(ColdUsers().split(log, s).test.open("inspect").histories.users) for s in (1, 2)]
    assert chosen[0] != chosen[1]
    assert np.all(np.diff(chosen[0]) > 0)
