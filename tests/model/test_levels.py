"""Little more costs little: what an update writes does not grow with the log."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from palate.arrays import Ragged
from palate.model import cooccurrence, pair_sums, sorted_events
from palate.model.cooccurrence import Cooccurrence
from palate.model.counted_item_item import CountedItemItem
from palate.model.item_knn import ItemKnn, ItemKnnV2
from palate.model.levels import FLOOR, RATIO, added
from palate.model.pair_sums import Change, PairSums, quantised
from palate.model.popularity import Popularity, RecentPopularity
from palate.tables import Cases, FeatureTable, Histories, Interactions, Training, Vocabulary

N_ITEMS, LENGTH = 400, 6


@given(st.lists(st.integers(1, 3 * FLOOR), min_size=1, max_size=200))
def test_levels_fall_in_size_and_lose_nothing(sizes: list[int]) -> None:
    levels: tuple[int, ...] = ()
    for size in sizes:
        levels = added(levels, size, lambda n: n, lambda a, b: a + b)
    assert sum(levels) == sum(sizes)
    assert all(a >= max(FLOOR, RATIO * b) for a, b in pairwise(levels))


def test_what_is_added_leaves_the_levels_before_it_alone() -> None:
    before = ([1] * 10 * FLOOR, [2] * FLOOR)
    after = added(before, [3], len, lambda a, b: a + b)
    assert before[1] == [2] * FLOOR
    assert after[0] is before[0]
    assert after[1] is before[1]


@given(st.permutations([1 / 3, 1 / 7, 0.7 / 3, 1.0, 5**-0.3, 1e6]))
def test_weights_add_up_to_the_same_in_any_order_and_go_without_a_rest(
    weights: list[float],
) -> None:
    def pair(weight: float) -> Change:
        return Change.of_pairs(sparse.csr_matrix(np.array([[0, quantised(weight)], [0, 0]])))

    sums = PairSums.of(pair(0.0))
    for weight in weights:
        sums = sums.plus(pair(weight))
    assert sums.rows(np.array([0, 1], np.int32))[0, 1] == quantised(sorted(weights)).sum()
    for weight in reversed(weights):
        sums = sums.plus(pair(-weight))
    assert sums.rows(np.array([0, 1], np.int32)).nnz == 0


def log_of(n_users: int) -> Interactions:
    """Users of LENGTH events each, over the same items however many they are."""
    rng = np.random.default_rng(0)
    user = np.repeat(np.arange(n_users, dtype=np.int32), LENGTH)
    item = rng.integers(0, N_ITEMS, len(user)).astype(np.int32)
    time = np.arange(len(user), dtype=np.int64) * 3_600
    ones = np.ones(len(user), np.float32)
    return Interactions(
        Vocabulary.of(range(n_users)), Vocabulary.of(range(N_ITEMS)), user, item, ones, time
    )


def training(log: Interactions) -> Training:
    none = Histories.of_items(Ragged.of([]))
    return Training(log, FeatureTable(log.items), Cases(none, none.items, Ragged.of([])))


def written(model: Any, n_users: int, monkeypatch: pytest.MonkeyPatch) -> float:
    """Entries that an update writes or changes, on average over updates of one event each."""
    log = log_of(n_users)
    rows = np.random.default_rng(1).permutation(len(log))[:150]
    model = model.fit(training(log)).updated(log.take(rows[:1]))
    count = 0

    def counting(levels: Any, new: Any, size: Any, join: Any) -> Any:
        def joined(older: Any, newer: Any) -> Any:
            nonlocal count
            both = join(older, newer)
            count += size(both)
            return both

        nonlocal count
        count += size(new)
        return added(levels, new, size, joined)

    with monkeypatch.context() as patch:
        patch.setattr(pair_sums, "added", counting)
        patch.setattr(sorted_events, "added", counting)
        for row in rows[1:]:
            model = model.updated(log.take(np.array([row])))
    return count / (len(rows) - 1)


def popularity_of_users() -> Popularity:
    return Popularity(Popularity.Settings(count="users"))


@pytest.mark.parametrize(
    "model", [Cooccurrence, ItemKnn, ItemKnnV2, RecentPopularity, popularity_of_users]
)
def test_what_an_event_writes_does_not_grow_with_the_log(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    short, long = (written(model(), n, monkeypatch) for n in (2_000, 20_000))
    assert 1 <= long <= 1.1 * short + 1
    assert long <= 2.5 * FLOOR


@pytest.mark.parametrize(
    ("model", "most"),
    # pairs of a new event with all around it and of those that it moves apart; with all items of
    # its user; with all items, and of these where the weight of the user changes
    [
        (Cooccurrence(), (LENGTH + 1) ** 2),
        (ItemKnn(), 2 * LENGTH + 1),
        (ItemKnnV2(), (LENGTH + 1) ** 2),
    ],
)
def test_what_an_event_changes_is_bounded_by_the_history_of_its_user(
    model: CountedItemItem[Any], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes: list[Change] = []
    plus = PairSums.plus
    monkeypatch.setattr(
        PairSums, "plus", lambda self, change: (changes.append(change), plus(self, change))[1]
    )
    for n_users in (500, 5_000):
        log = log_of(n_users)
        fitted = model.fit(training(log))
        late = log.take(np.array([7]))
        fitted.updated(replace(late, item=np.array([N_ITEMS - 1], np.int32)))
    short, long = (change.pairs.nnz for change in changes)
    assert 0 < short == long <= most


def test_of_a_long_history_the_window_around_the_event_alone_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = log_of(200)
    one_user = replace(log, user=np.zeros(len(log), np.int32))
    fitted = Cooccurrence().fit(training(one_user))
    last = one_user.take(np.array([len(log) - 1]))
    fitted = fitted.updated(last)
    lengths: list[int] = []
    plain = cooccurrence.closeness

    def spied(user: Any, item: Any, *rest: Any) -> Any:
        lengths.append(len(item))
        return plain(user, item, *rest)

    monkeypatch.setattr(cooccurrence, "closeness", spied)
    fitted.updated(last)
    window = fitted.settings.window
    assert lengths == [window + 1, window]
