"""Shares of each user's events, each item's, or all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from palate import config
from palate.data.splits.ratio import Ratio, RatioSettings
from palate.errors import BadRecipe, Refused
from palate.tables import Interactions
from palate.testing.logs import made_log


def test_recboles_default_by_user() -> None:
    log = made_log()
    split = Ratio().split(log, 1)
    events = np.bincount(log.user, minlength=log.n_users)
    tenth = np.where(events > 2, np.maximum(events // 10, 1), 0)
    test = np.zeros(log.n_users, np.int64)
    test[split.test.open("inspect").histories.users] = split.test.open("inspect").targets.lengths()
    assert test.tolist() == tenth.tolist()
    assert len(split.train) == len(log) - 2 * tenth.sum()


def test_the_test_masks_both_parts_and_looks_back_on_training_alone() -> None:
    log = made_log()
    split = Ratio().split(log, 1)
    wide = Ratio(RatioSettings(test_history="train+validation")).split(log, 1)
    for case, user in enumerate(split.test.open("inspect").histories.users):
        trained = split.train.item[split.train.user == user]
        checked = split.validation.targets[list(split.validation.histories.users).index(user)]
        assert set(split.test.open("inspect").histories.items[case]) == set(trained)
        assert set(split.test.open("inspect").seen[case]) == set(trained) | set(checked)
        assert set(wide.test.open("inspect").histories.items[case]) == set(trained) | set(checked)


def test_other_seeds_other_splits() -> None:
    log = made_log()
    a, b = (Ratio().split(log, seed).test.open("inspect").targets.values for seed in (1, 2))
    assert a.tolist() != b.tolist()


def test_every_event_is_as_likely_to_be_tested() -> None:
    log = made_log(n_users=8)
    times = np.zeros(len(log))
    for seed in range(300):
        split = Ratio().split(log, seed)
        users = split.test.open("inspect").histories.users[
            split.test.open("inspect").targets.row_of_value()
        ]
        asked = set(zip(users, split.test.open("inspect").targets.values, strict=True))
        times += [pair in asked for pair in zip(log.user, log.item, strict=True)]
    events = np.bincount(log.user, minlength=log.n_users)[log.user]
    expected = np.maximum(events // 10, 1) / events
    z = (times / 300 - expected) / np.sqrt(expected * (1 - expected) / 300)
    assert np.abs(z).max() < 4.5


def test_by_item_the_rest_goes_to_the_test() -> None:
    log = made_log()
    split = Ratio(RatioSettings(ratios=(0.75, 0, 0.25), group="item", rounding="test")).split(
        log, 3
    )
    assert split.train.item_counts().tolist() == np.floor(0.75 * log.item_counts()).tolist()
    assert len(split.validation) == 0
    assert any("nothing can be tuned" in note for note in split.notes)


def test_by_time_training_is_older() -> None:
    log = made_log()
    split = Ratio(RatioSettings(order="time")).split(log, 3)
    pairs = {(u, i): t for u, i, t in zip(log.user, log.item, log.time, strict=True)}
    for case, user in enumerate(split.test.open("inspect").histories.users):
        asked = min(pairs[user, item] for item in split.test.open("inspect").targets[case])
        assert split.test.open("inspect").histories.times is not None
        assert (
            split.test.open("inspect").histories.times[
                split.test.open("inspect").histories.items.offsets[case + 1] - 1
            ]
            <= asked
        )


def test_the_whole_log_at_once(log_of: Callable[..., Interactions]) -> None:
    log = log_of([(f"u{n % 7}", f"i{n}", 1, n) for n in range(70)])
    split = Ratio(RatioSettings(group="all", order="time")).split(log, 0)
    assert split.train.item.tolist() == list(range(56))
    assert sorted(split.test.open("inspect").targets.values) == list(range(63, 70))


def cornac(log: Interactions, **changes: object) -> object:
    settings = {
        "ratios": (0.7, 0.1, 0.2),
        "group": "all",
        "candidates": "train",
        "cold_items": "drop",
        "cold_users": "drop",
    }
    return Ratio(
        RatioSettings(**{**settings, "relevant_min": 4.0, "seen_min": 4.0, **changes})
    ).split(log, 5)


def test_cornacs_rules() -> None:
    """Only ratings of 4 are targets or masked; items and users that training does not know are left
    out.
    """
    log = made_log()
    split = cornac(log)
    known = split.train.item_counts() > 0
    value = {(u, i): v for u, i, v in zip(log.user, log.item, log.value, strict=True)}
    trained = set(zip(split.train.user, split.train.item, strict=True))
    some_low_stay = False
    for case, user in enumerate(split.test.open("inspect").histories.users):
        assert any(u == user for u, _ in trained)
        assert all(
            known[i] and value[user, i] >= 4 for i in split.test.open("inspect").targets[case]
        )
        masked = set(split.test.open("inspect").seen[case])
        assert set(np.flatnonzero(~known)) <= masked
        for u, i in trained:
            if u == user:
                assert (i in masked) == (value[user, i] >= 4)
                some_low_stay |= i not in masked
    assert some_low_stay
    assert {"Only items with a training event compete."} <= set(split.notes)


def test_cold_targets_that_are_kept_are_misses() -> None:
    """As in recommenders: a test item that training does not know stays among the targets, and
    cannot be found.
    """
    log = made_log()
    kept = cornac(log, cold_items="keep", relevant_min=None)
    known = kept.train.item_counts() > 0
    cold = kept.test.open("inspect").targets.values[
        ~known[kept.test.open("inspect").targets.values]
    ]
    assert len(cold)
    for case in range(len(kept.test)):
        lost = [i for i in kept.test.open("inspect").targets[case] if not known[i]]
        assert set(lost) <= set(kept.test.open("inspect").seen[case])
    assert any(note.startswith(f"{len(cold)} of") for note in kept.notes)


def test_repeated_targets_count_once(log_of: Callable[..., Interactions]) -> None:
    log = log_of([("u", "a", 1, n) for n in range(8)] + [("u", "b", 1, 8), ("u", "b", 1, 9)])
    split = Ratio(RatioSettings(ratios=(0.7, 0.1, 0.2), order="time")).split(log, 0)
    assert log.items.names(split.test.open("inspect").targets[0]) == ["b"]


def test_impossible_ratios_are_refused() -> None:
    for bad in ([0.0, 0.1, 0.1], [0.8, 0.2, 0.0], [0.8, -0.1, 0.3], [0.5, 0.5]):
        with pytest.raises(BadRecipe):
            config.parse(RatioSettings, {"ratios": bad}, "split")
    with pytest.raises(Refused):
        Ratio(RatioSettings(relevant_min=6)).split(made_log(), 0)


def test_new_items_lose_their_training_events_and_are_masked_where_they_were_known() -> None:
    log = made_log()
    plain, split = (Ratio(RatioSettings(new_items=share)).split(log, 1) for share in (0.0, 0.2))
    new = set(split.withheld.tolist())
    assert len(new) == round(0.2 * len(set(log.item.tolist())))
    assert not new & set(split.train.item.tolist())
    assert not new & set(split.test.open("inspect").histories.items.values.tolist())
    assert len(split.train) == len(plain.train) - np.isin(plain.train.item, list(new)).sum()
    both = list(plain.test.open("inspect").histories.users)
    for case, user in enumerate(split.test.open("inspect").histories.users):
        other = both.index(user)
        assert set(split.test.open("inspect").seen[case]) == set(
            plain.test.open("inspect").seen[other]
        )
        assert (
            split.test.open("inspect").targets[case].tolist()
            == plain.test.open("inspect").targets[other].tolist()
        )
    assert "new ones" in split.notes[0]
    assert plain.notes == () or "new ones" not in plain.notes[0]
