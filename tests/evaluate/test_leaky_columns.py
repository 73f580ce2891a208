"""Planted leaks in blocks are found; popularity, noise and honest features are not taken for
leaks.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from palate.data.splits.leave_last_out import LeaveLastOut
from palate.evaluate.leaky_columns import leaky_columns
from palate.tables import Block, Interactions, Origin, Split
from palate.testing.logs import made_log

N = 600


@pytest.fixture(scope="module")
def log() -> Interactions:
    return made_log(3, n_users=400, n_items=N)


@pytest.fixture(scope="module")
def split(log: Interactions) -> Split:
    return LeaveLastOut().split(log, 0)


def asked(split: Split) -> np.ndarray:
    return np.bincount(split.test.open("inspect").targets.values, minlength=N)


def block(X: np.ndarray, columns: tuple[str, ...] = (), present: np.ndarray | None = None) -> Block:
    there = np.ones(N, np.bool_) if present is None else present
    return Block("fields", X.astype(np.float32), there, Origin("x.v1", data="00"), columns)


def noise(width: int = 30) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((N, width))


def test_a_column_of_test_counts_is_found_among_noise(split: Split) -> None:
    X = noise()
    X[:, 7] = asked(split)
    found = leaky_columns(block(X, tuple(f"c{j}" for j in range(30))), split)
    assert [(f.code, f.severity, f.count, f.where) for f in found] == [
        ("column-knows-targets", "warning", 1, "blocks.fields")
    ]
    assert found[0].examples == ("c7: AUC 1.000",)


def test_a_leak_upside_down_is_found_and_named_by_its_number(split: Split) -> None:
    X = noise()
    X[:, 3] = -asked(split)
    assert leaky_columns(block(X), split)[0].examples == ("column 4: AUC 0.000",)


def test_counts_of_the_whole_log_are_found(log: Interactions, split: Split) -> None:
    """The usual accident: popularity counted before the split. With validation counted as well it
    is as clear.
    """
    X = noise()
    X[:, 0] = split.train.item_counts() + asked(split)
    assert leaky_columns(block(X), split)


def test_a_leak_in_a_sparse_block_is_found(split: Split) -> None:
    X = np.where(noise(200) > 1.5, 1.0, 0.0)
    X[:, 150] = asked(split) > 0
    leaky = replace(block(X), matrix=sparse.csr_matrix(X, dtype=np.float32))
    assert leaky_columns(leaky, split)[0].examples == ("column 151: AUC 1.000",)
    X[:, 150] = 0
    clean = replace(block(X), matrix=sparse.csr_matrix(X, dtype=np.float32))
    assert leaky_columns(clean, split) == []


def test_training_popularity_is_no_leak(split: Split) -> None:
    """The negative control: it predicts targets very well, and training counts explain it."""
    counts = split.train.item_counts()
    X = noise()
    X[:, 0], X[:, 1], X[:, 2] = counts, np.log1p(counts), -counts
    assert leaky_columns(block(X), split) == []


def test_noise_never_alarms(split: Split) -> None:
    for seed in range(20):
        X = np.random.default_rng(seed).standard_normal((N, 400))
        assert leaky_columns(block(X), split, seed) == []


def test_absent_items_are_not_judged(split: Split) -> None:
    """An item without content has zeros: that it has none must not look like knowledge."""
    present = asked(split) > 0
    X = noise() * present[:, None]
    assert leaky_columns(block(X, present=present), split) == []


def test_too_few_items_are_not_judged() -> None:
    log = made_log(3, n_users=12, n_items=60)
    split = LeaveLastOut().split(log, 0)
    X = np.bincount(split.test.open("inspect").targets.values, minlength=60)[:, None].astype(
        np.float32
    )
    few = Block("x", X, np.ones(60, np.bool_), Origin("x.v1", data="00"))
    assert leaky_columns(few, split) == []


def test_a_block_without_columns(split: Split) -> None:
    assert leaky_columns(block(np.zeros((N, 0))), split) == []
