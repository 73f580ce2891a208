"""Pairs by co-occurrence."""

from __future__ import annotations

import numpy as np
import pytest

from palate.errors import Refused
from palate.gradient.pairs import cooccurring
from palate.tables import Interactions, Vocabulary


def log_of(rows: list[list[int]], n_items: int = 6) -> Interactions:
    user = np.repeat(np.arange(len(rows)), [len(r) for r in rows]).astype(np.int32)
    item = np.array([i for r in rows for i in r], np.int32)
    users, items = Vocabulary.of(range(len(rows))), Vocabulary.of(range(n_items))
    return Interactions(users, items, user, item, np.ones(len(item), np.float32))


ALL = np.arange(6, dtype=np.int32)


def test_shares_by_hand() -> None:
    # 0-1 and 1-2 at gap 1, 0-2 at gap 2; degrees 1.5, 2, 1.5.
    pairs = cooccurring(log_of([[0, 1, 2]]), ALL, window=5, power=0.5)
    shares = dict(
        zip(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True), pairs.share, strict=True)
    )
    raw = {(0, 1): 1 / np.sqrt(3), (1, 2): 1 / np.sqrt(3), (0, 2): 0.5 / 1.5}
    for pair, value in raw.items():
        assert shares[pair] == pytest.approx(value / sum(raw.values()))


def test_the_window_and_the_users_part_pairs() -> None:
    pairs = cooccurring(log_of([[0, 1, 2], [3, 4]]), ALL, window=1)
    assert set(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)) == {
        (0, 1),
        (1, 2),
        (3, 4),
    }
    assert pairs.known[1, 0]
    assert pairs.known[0, 1]
    assert not pairs.known[2, 3]


def test_repeats_of_one_item_and_items_without_text_make_no_pair() -> None:
    pairs = cooccurring(log_of([[0, 0, 1, 2]]), np.array([0, 1], np.int32), window=5)
    assert (pairs.left.tolist(), pairs.right.tolist()) == ([0], [1])


def test_power_gives_rare_items_their_share() -> None:
    rows = [[0, 1]] * 50 + [[2, 3]]
    rare = {
        power: cooccurring(log_of(rows), ALL, power=power).share[-1] for power in (0.0, 0.5, 1.0)
    }
    assert rare[0.0] == pytest.approx(1 / 51)
    assert rare[0.0] < rare[0.5] < rare[1.0]
    assert rare[0.5] == pytest.approx(0.5)


def test_draws_follow_the_shares_and_go_both_ways() -> None:
    pairs = cooccurring(log_of([[0, 1]] * 3 + [[2, 3]]), ALL, power=0.0)
    left, right = pairs.draw(4000, np.random.default_rng(0))
    first = np.isin(left, [0, 1])
    assert first.mean() == pytest.approx(0.75, abs=0.03)
    assert (left[first] == 0).mean() == pytest.approx(0.5, abs=0.04)
    assert set(zip(left.tolist(), right.tolist(), strict=True)) == {(0, 1), (1, 0), (2, 3), (3, 2)}


@pytest.mark.parametrize("rows", [[[0], [1]], [[2, 2, 2]]])
def test_no_pair_is_refused(rows: list[list[int]]) -> None:
    with pytest.raises(Refused, match="no two items"):
        cooccurring(log_of(rows), ALL)
