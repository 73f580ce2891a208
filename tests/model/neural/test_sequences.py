"""Padding, cutting and shuffling of histories."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from palate.arrays import Ragged
from palate.model.neural import sequences
from palate.tables import Interactions, Vocabulary


def log_of(rows: list[list[int]], n_items: int = 20) -> Interactions:
    user = np.repeat(np.arange(len(rows)), [len(r) for r in rows]).astype(np.int32)
    item = np.array([i for r in rows for i in r], np.int32)
    users, items = Vocabulary.of(range(len(rows))), Vocabulary.of(range(n_items))
    return Interactions(users, items, user, item, np.ones(len(item), np.float32))


def test_real_events_come_first() -> None:
    made = sequences.padded(Ragged.of([[5, 6, 7], [8], []]), window=4)
    assert made.items.tolist() == [[5, 6, 7], [8, 0, 0], [0, 0, 0]]
    assert made.real.tolist() == [[True] * 3, [True, False, False], [False] * 3]


def test_only_the_newest_events_are_kept() -> None:
    made = sequences.padded(Ragged.of([[1, 2, 3, 4, 5]]), window=2)
    assert made.items.tolist() == [[4, 5]]


@given(st.lists(st.lists(st.integers(0, 99), max_size=9), max_size=8), st.integers(1, 6))
def test_nothing_but_the_newest_events_of_each_sequence(rows: list[list[int]], window: int) -> None:
    made = sequences.padded(Ragged.of(rows), window)
    assert [line[real].tolist() for line, real in zip(made.items, made.real, strict=True)] == [
        row[-window:] for row in rows
    ]


def test_training_sequences_leave_out_users_with_one_event() -> None:
    made = sequences.training_sequences(log_of([[1, 2, 3, 4], [5], [], [6, 7]]), window=2)
    assert [made[i].tolist() for i in range(len(made))] == [[2, 3, 4], [6, 7]]


def test_split_next_shifts_by_one() -> None:
    inputs, targets = sequences.split_next(Ragged.of([[1, 2, 3], [4, 5]]))
    assert [inputs[i].tolist() for i in range(2)] == [[1, 2], [4]]
    assert targets.tolist() == [2, 3, 5]


def test_an_epoch_takes_every_sequence_once_in_batches_of_like_length() -> None:
    lengths = np.random.default_rng(0).integers(2, 60, 500)
    made = Ragged.of([[0] * int(n) for n in lengths])
    batches = list(sequences.shuffled(made, 16, np.random.default_rng(1)))
    assert sorted(np.concatenate(batches).tolist()) == list(range(500))
    spread = np.mean([np.ptp(lengths[b]) for b in batches])
    assert spread < np.ptp(lengths) / 4
    again = list(sequences.shuffled(made, 16, np.random.default_rng(2)))
    assert batches[0].tolist() != again[0].tolist()


@given(st.lists(st.integers(1, 200), min_size=1, max_size=120), st.integers(1, 12))
def test_batches_hold_about_the_same_number_of_events(lengths: list[int], batch: int) -> None:
    made = Ragged.of([[0] * n for n in lengths])
    batches = list(sequences.shuffled(made, batch, np.random.default_rng(0)))
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(lengths)))
    if len(lengths) <= 16 * batch:
        share = sum(lengths) / -(-len(lengths) // batch)
        assert max(sum(lengths[row] for row in rows) for rows in batches) <= share + max(lengths)
