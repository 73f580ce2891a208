"""The leak check finds planted leaks, and nothing in clean splits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from palate import registry
from palate.arrays import Ragged
from palate.capabilities import Knowledge
from palate.data.splits.cold_items import ColdItems
from palate.data.splits.leave_last_out import LeaveLastOut
from palate.data.splits.ratio import Ratio
from palate.data.splits.time import Time
from palate.evaluate.leaks import knowing_models, leaks
from palate.tables import (
    Block,
    Cases,
    FeatureTable,
    Finding,
    Histories,
    Interactions,
    Origin,
    SealedCases,
    Split,
    Vocabulary,
)
from palate.testing.logs import made_log


def codes(findings: list[Finding]) -> list[str]:
    return [f.code for f in findings]


@pytest.fixture
def split() -> Split:
    return Ratio().split(made_log(), 0)


@pytest.mark.parametrize("name", registry.names("splitter"))
def test_clean_splits_have_no_errors(name: str) -> None:
    kind = registry.part_class(name)
    for repeats in (False, True):
        log = made_log(2, repeats=repeats)
        if repeats and name == "split.ratio.v1":
            continue
        found = leaks(kind(kind.Settings()).split(log, 1), log=log)
        assert all(f.severity == "note" for f in found)


def test_a_test_event_in_train_is_found(split: Split) -> None:
    users = split.test.open("inspect").histories.users[
        split.test.open("inspect").targets.row_of_value()
    ]
    train = split.train
    grown = replace(
        train,
        user=np.append(train.user, users[:3]),
        item=np.append(train.item, split.test.open("inspect").targets.values[:3]),
        value=np.append(train.value, np.ones(3, np.float32)),
        time=None,
    )
    found = leaks(replace(split, train=grown))
    assert codes(found) == ["test-event-in-train"]
    assert (found[0].severity, found[0].count, len(found[0].examples)) == ("error", 3, 3)
    item = train.items.ids[split.test.open("inspect").targets.values[0]]
    first = f"{train.users.ids[users[0]]}, {item}"
    assert found[0].examples[0] == first


def test_validation_and_test_that_overlap_are_found(split: Split) -> None:
    found = leaks(
        replace(split, validation=replace(split.test.open("inspect"), seen=split.validation.seen))
    )
    assert "validation-event-in-test" in codes(found)


def test_validation_events_in_train_are_found(split: Split) -> None:
    log = made_log()
    merged = leaks(replace(split, train=log))
    assert {"validation-event-in-train", "test-event-in-train"} <= set(codes(merged))


def test_tuning_on_histories_that_hold_test_events_is_found(split: Split) -> None:
    whole = Histories.of(made_log(), split.validation.histories.users)
    found = leaks(replace(split, validation=replace(split.validation, histories=whole)))
    assert codes(found) == ["test-event-in-validation-history"]


def test_targets_seen_before_are_a_note_not_an_error() -> None:
    log = made_log(1, repeats=True)
    split = LeaveLastOut().split(log, 0)
    found = leaks(split)
    assert codes(found) == ["target-seen-before"]
    again = sum(
        split.test.open("inspect").targets[c][0] in split.test.open("inspect").seen[c]
        for c in range(len(split.test.open("inspect")))
    )
    assert (found[0].severity, found[0].count) == ("note", again)


def test_targets_seen_before_and_not_masked_are_an_error() -> None:
    split = LeaveLastOut().split(made_log(1, repeats=True), 0)
    open_test = replace(
        split.test.open("inspect"), seen=Ragged.of([[]] * len(split.test.open("inspect")))
    )
    assert "test-event-in-train" in codes(leaks(replace(split, test=SealedCases(open_test))))


def test_withheld_items_in_train_are_found() -> None:
    log = made_log()
    split = ColdItems().split(log, 0)
    found = leaks(replace(split, train=log))
    assert "withheld-item-in-train" in codes(found)


def test_training_on_what_came_later_is_said_for_all_but_the_split_by_time() -> None:
    log = made_log()
    assert codes(leaks(LeaveLastOut().split(log, 0), log=log)) == ["trained-on-later-events"]
    assert codes(leaks(Time().split(log, 0), log=log)) == []
    assert codes(leaks(LeaveLastOut().split(log, 0))) == []
    timeless = replace(log, time=None)
    assert codes(leaks(LeaveLastOut().split(timeless, 0), log=timeless)) == []


def test_a_model_that_may_know_the_test_period_is_named() -> None:
    log = made_log()
    split = Time().split(log, 0)
    start = datetime.fromtimestamp(float(split.train.time.max()), UTC).date()
    early, late = str(start - timedelta(days=400)), str(start + timedelta(days=400))

    def found(*known: Knowledge) -> list[str]:
        return [f.where for f in knowing_models(split, log, known)]

    assert found(Knowledge("early", early), Knowledge("late", late)) == ["late"]
    assert found(Knowledge("unknown")) == ["unknown"]
    assert found(Knowledge("twice"), Knowledge("twice")) == ["twice"]
    assert found() == []
    timeless = replace(log, time=None)
    assert not knowing_models(LeaveLastOut().split(timeless, 0), timeless, [Knowledge("any")])


def test_strangers_are_nobody(split: Split) -> None:
    strangers = replace(
        split.test.open("inspect").histories,
        users=np.full(len(split.test.open("inspect")), -1, np.int32),
    )
    assert (
        codes(
            leaks(
                replace(
                    split,
                    test=SealedCases(replace(split.test.open("inspect"), histories=strangers)),
                )
            )
        )
        == []
    )


def table(log: Interactions, **blocks: Block) -> FeatureTable:
    return FeatureTable(log.items, blocks)


def test_a_block_that_does_not_say_what_it_was_fitted_on(split: Split) -> None:
    log, width = made_log(), np.ones((80, 2), np.float32)
    silent = Block("a", width, np.ones(80, np.bool_), Origin("x.v1"))
    told = Block("b", width, np.ones(80, np.bool_), Origin("x.v1", data="0123"))
    found = leaks(split, table(log, a=silent, b=told))
    assert [(f.code, f.severity, f.where) for f in found] == [
        ("block-without-origin", "warning", "blocks.a")
    ]


def test_errors_come_first(split: Split) -> None:
    log = made_log()
    silent = Block("a", np.ones((80, 2), np.float32), np.ones(80, np.bool_), Origin("x.v1"))
    found = leaks(replace(split, train=log), table(log, a=silent), log)
    severities = [f.severity for f in found]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)
    assert set(severities) == {"error", "warning", "note"}


def test_positions_of_each_user_say_nothing_about_later_events() -> None:
    log = made_log()
    order = np.lexsort((log.time, log.user))
    time = np.empty(len(log), np.int64)
    time[order] = np.concatenate([np.arange(n) for n in np.bincount(log.user)])
    counted = replace(log, time=time)
    assert codes(leaks(LeaveLastOut().split(counted, 0), log=counted)) == []


def _split_with_new_targets(share: float, withheld: bool) -> Split:
    n = 50
    new = np.arange(n) < share * n
    train = Interactions(
        Vocabulary.of(range(n)),
        Vocabulary.of(range(2 * n)),
        np.arange(n, dtype=np.int32),
        np.arange(n, dtype=np.int32),
        np.ones(n, np.float32),
    )
    targets = Ragged.of([[n + i if new[i] else (i + 1) % n] for i in range(n)])
    histories = Histories.of(train, np.arange(n, dtype=np.int32))
    cases = Cases(histories, Ragged.of([[i] for i in range(n)]), targets)
    gone = np.arange(n, 2 * n, dtype=np.int32) if withheld else np.empty(0, np.int32)
    return Split(train, cases, SealedCases(cases), gone)


@pytest.mark.parametrize(
    ("share", "withheld", "found"),
    [(0.0, False, False), (0.2, False, False), (0.22, False, True), (1.0, True, False)],
)
def test_many_targets_that_training_never_saw_are_an_error_in_a_warm_split(
    share: float, withheld: bool, found: bool
) -> None:
    unseen = [
        f for f in leaks(_split_with_new_targets(share, withheld)) if f.code == "targets-unseen"
    ]
    assert [f.severity for f in unseen] == ["error"] * found
    if found:
        assert unseen[0].count == 11
        assert "11 of 50 test targets (22%)" in unseen[0].message
