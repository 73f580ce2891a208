"""Slices of the test targets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from palate.arrays import Ragged
from palate.data.splits.cold_users import ColdUsers
from palate.evaluate.slices import WHOLE, slices
from palate.tables import Cases, Histories, Interactions, SealedCases, Split, Vocabulary


def split_with(counts: list[int], history: int = 1) -> Split:
    """One test case asking for every item; item i has counts[i] training events; one user."""
    item = np.repeat(np.arange(len(counts)), counts).astype(np.int32)
    log = Interactions(
        Vocabulary.of(["u"]),
        Vocabulary.of(range(len(counts))),
        np.zeros(len(item), np.int32),
        item,
        np.ones(len(item), np.float32),
    )
    past = Histories(
        np.zeros(1, np.int32), Ragged.of([[1] * history]), np.ones(history, np.float32)
    )
    cases = Cases(past, Ragged.of([[]]), Ragged.of([list(range(len(counts)))]))
    return Split(log, cases, SealedCases(cases))


def test_borders_of_the_frequencies() -> None:
    found = {
        s.name: np.flatnonzero(s.targets).tolist()
        for s in slices(split_with([0, 1, 5, 6, 20, 21, 300], 6))
    }
    assert found == {
        "all": [0, 1, 2, 3, 4, 5, 6],
        "target 0": [0],
        "target 1-5": [1, 2],
        "target 6-20": [3, 4],
        "target >20": [5, 6],
    }


def test_empty_slices_are_left_out_and_titles_are_words() -> None:
    found = slices(split_with([3, 4]))
    assert [s.name for s in found] == [WHOLE, "target 1-5", "users <=5 events"]
    assert [s.title for s in found] == [
        "all test targets",
        "targets with 1 to 5 training events",
        "users with at most 5 events in their history",
    ]


def test_users_of_short_history_where_nobody_is_new() -> None:
    assert slices(split_with([3], history=5))[-1].name == "users <=5 events"
    assert slices(split_with([3], history=6))[-1].name == "target 1-5"


def test_new_users_are_those_without_training_events() -> None:
    from palate.testing.logs import made_log

    split = ColdUsers().split(made_log(), 0)
    new = slices(split)[-1]
    assert (new.name, new.targets.all()) == ("new users", True)
    unknown = split_with([3])
    stranger = replace(unknown.test.open("inspect").histories, users=np.array([-1], np.int32))
    found = slices(
        replace(
            unknown, test=SealedCases(replace(unknown.test.open("inspect"), histories=stranger))
        )
    )
    assert found[-1].name == "new users"
