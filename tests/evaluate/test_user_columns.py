"""Lists of who took an item are found where they hold the test; topics, series and lists of the
training part are not taken for them.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from palate.data.splits.leave_last_out import LeaveLastOut
from palate.evaluate.leaks import knowing, leaks
from palate.evaluate.user_columns import columns_of_users
from palate.tables import Block, FeatureTable, Interactions, Origin, Split
from palate.testing.logs import made_log

USERS, ITEMS = 200, 300


@pytest.fixture(scope="module")
def log() -> Interactions:
    return made_log(3, n_users=USERS, n_items=ITEMS)


@pytest.fixture(scope="module")
def split(log: Interactions) -> Split:
    return LeaveLastOut().split(log, 0)


def block(X: np.ndarray | sparse.spmatrix) -> Block:
    matrix = sparse.csr_matrix(X, dtype=np.float32)
    names = tuple(f"x{j}" for j in range(matrix.shape[1]))
    return Block("buyers", matrix, np.ones(ITEMS, np.bool_), Origin("x.v1", data="00"), names)


def takers(log: Interactions) -> np.ndarray:
    """[n_items, n_users], who took what."""
    X = np.zeros((ITEMS, USERS))
    X[log.item, log.user] = 1.0
    return X


def test_a_list_of_all_buyers_is_found_and_stops_the_claims(
    log: Interactions, split: Split
) -> None:
    # a word that says nothing more, and codes for the users in another order
    X = np.hstack([np.ones((ITEMS, 1)), takers(log)[:, ::-1]])
    found = columns_of_users(block(X), split)
    assert [(f.code, f.severity, f.where) for f in found] == [
        ("column-knows-users", "warning", "blocks.buyers")
    ]
    assert found[0].count > USERS / 2
    assert found[0].examples[0].startswith("x")
    everything = leaks(split, FeatureTable(log.items, {"buyers": block(X)}))
    assert knowing(everything, ["title"]) is None
    assert knowing(everything, ["title", "buyers"]) == found[0]


def test_lists_of_the_training_part_alone_are_no_leak(split: Split) -> None:
    assert columns_of_users(block(takers(split.train)), split) == []


def test_topics_and_noise_are_no_lists_of_users(log: Interactions, split: Split) -> None:
    rng = np.random.default_rng(1)
    topic = np.eye(30)[rng.integers(0, 30, ITEMS)]
    words = rng.uniform(size=(ITEMS, 500)) < 0.02
    assert columns_of_users(block(np.hstack([topic, words])), split) == []


def test_a_series_that_few_read_is_no_list_of_users(log: Interactions, split: Split) -> None:
    few = takers(log)[:, :40]
    assert columns_of_users(block(few), split) == []


def test_few_users_and_dense_blocks_are_not_looked_at(log: Interactions, split: Split) -> None:
    dense = Block(
        "buyers", takers(log).astype(np.float32), np.ones(ITEMS, np.bool_), Origin("x.v1", data="0")
    )
    assert columns_of_users(dense, split) == []
    small = made_log(1, n_users=20, n_items=ITEMS)
    X = np.zeros((ITEMS, 20))
    X[small.item, small.user] = 1.0
    assert columns_of_users(block(X), LeaveLastOut().split(small, 0)) == []
