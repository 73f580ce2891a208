"""Items withheld wholly."""

from __future__ import annotations

import numpy as np
import pytest

from palate.data.splits.cold_items import ColdItems, ColdItemsSettings
from palate.errors import Refused
from palate.testing.logs import made_log


def test_withheld_items_are_apart_and_gone_from_training() -> None:
    log = made_log()
    split = ColdItems(ColdItemsSettings(share=0.2, validation_share=0.1)).split(log, 3)
    test, validation = (
        set(split.test.open("inspect").targets.values),
        set(split.validation.targets.values),
    )
    n_items = int((log.item_counts() > 0).sum())
    assert not test & validation
    assert test | validation == set(split.withheld)
    assert (len(test), len(validation)) == (round(0.2 * n_items), round(0.1 * n_items))
    assert not set(split.withheld) & set(split.train.item)
    assert len(split.train) == (~np.isin(log.item, split.withheld)).sum()


def test_whoever_touched_one_is_asked_given_the_training_events() -> None:
    log = made_log()
    split = ColdItems().split(log, 3)
    withheld = set(split.test.open("inspect").targets.values)
    touched = {u for u, i in zip(log.user, log.item, strict=True) if i in withheld}
    trained = set(split.train.user)
    assert set(split.test.open("inspect").histories.users) == touched & trained
    for case, user in enumerate(split.test.open("inspect").histories.users):
        assert (
            set(split.test.open("inspect").targets[case])
            == set(log.item[log.user == user]) & withheld
        )
        assert set(split.test.open("inspect").histories.items[case]) == set(
            split.train.item[split.train.user == user]
        )
        assert len(split.test.open("inspect").histories.items[case]) >= 1
        # validation items are masked, not shown; the rest of the catalogue competes
        hidden = set(log.item[log.user == user]) & (set(split.withheld) - withheld)
        assert (
            set(split.test.open("inspect").seen[case])
            == set(split.test.open("inspect").histories.items[case]) | hidden
        )


def test_other_seeds_withhold_other_items() -> None:
    log = made_log()
    assert (
        ColdItems().split(log, 1).withheld.tolist() != ColdItems().split(log, 2).withheld.tolist()
    )


def test_rare_items_can_be_spared() -> None:
    log = made_log()
    split = ColdItems(ColdItemsSettings(min_item_events=5)).split(log, 0)
    assert log.item_counts()[split.withheld].min() >= 5


def test_settings_of_values_and_histories() -> None:
    log = made_log()
    split = ColdItems(
        ColdItemsSettings(relevant_min=4, seen_min=3, min_history=5, n_validation_users=4)
    ).split(log, 0)
    value = {(u, i): v for u, i, v in zip(log.user, log.item, log.value, strict=True)}
    assert len(split.validation) == 4
    assert split.test.open("inspect").histories.items.lengths().min() >= 5
    for case, user in enumerate(split.test.open("inspect").histories.users):
        assert all(value[user, i] >= 4 for i in split.test.open("inspect").targets[case])
        assert all(value[user, i] >= 3 for i in split.test.open("inspect").seen[case])


def test_more_than_there_is_is_refused() -> None:
    with pytest.raises(Refused, match="would be withheld"):
        ColdItems(ColdItemsSettings(share=0.6, validation_share=0.5)).split(made_log(), 0)
    with pytest.raises(Refused, match="would be withheld"):
        ColdItems(ColdItemsSettings(min_item_events=10_000)).split(made_log(), 0)
