"""Likeness of candidates and histories."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from palate.arrays import Ragged, l2_normalised
from palate.model.candidate_similarity import KINDS, REACH, similarity
from palate.seeding import generator
from palate.tables import Histories


@given(st.integers(0, 10_000), st.sampled_from([0.5, 2.0, 30.0]))
def test_as_written_down_and_alike_for_dense_and_sparse(seed: int, fade: float) -> None:
    random = generator(seed, "likeness")
    X = l2_normalised(random.normal(size=(9, 4)).astype(np.float32) * (random.random((9, 4)) < 0.6))
    histories = Histories.of_items(
        Ragged.of([random.integers(0, 9, n).tolist() for n in random.integers(0, 6, 5)])
    )
    items = random.integers(0, 9, (5, 3)).astype(np.int32)
    found = similarity(X, histories, items, fade)
    thin = similarity(sparse.csr_matrix(X), histories, items, fade)
    for case in range(5):
        events = histories.items[case]
        if not len(events):
            assert not any(kind[case].any() for kind in (*found, *thin))
            continue
        S = X[items[case]].astype(float) @ X[events].T.astype(float)
        weights = np.exp(-np.arange(len(events))[::-1] / fade)
        expected = [S.mean(axis=1), S.max(axis=1), S @ weights / weights.sum(), S[:, -1]]
        for ours, other, right in zip(found, thin, expected, strict=True):
            assert ours[case] == pytest.approx(right, abs=1e-5)
            assert other[case] == pytest.approx(right, abs=1e-5)


def test_only_the_newest_events_count() -> None:
    X = np.eye(2, dtype=np.float32)
    long = Histories.of_items(Ragged.of([[0] + [1] * REACH]))
    for content in (X, sparse.csr_matrix(X)):
        found = dict(
            zip(KINDS, similarity(content, long, np.array([[0, 1]], np.int32), 2.0), strict=True)
        )
        assert found["nearest"].tolist() == [[0, 1]]


def test_nobody_has_any_history() -> None:
    found = similarity(
        np.eye(2, dtype=np.float32),
        Histories.of_items(Ragged.of([[], []])),
        np.zeros((2, 1), np.int32),
        2,
    )
    assert all(not kind.any() for kind in found)


def test_sparse_content_takes_memory_for_candidates_and_not_for_all_items() -> None:
    n_items = 100_000
    rows = np.arange(n_items)
    X = sparse.csr_matrix((np.ones(n_items, np.float32), (rows, rows % 50)), (n_items, 50))
    random = generator(0, "likeness", "memory")
    histories = Histories.of_items(Ragged.of(random.integers(0, n_items, (20, 10)).tolist()))
    items = random.integers(0, n_items, (20, 30)).astype(np.int32)
    tracemalloc.start()
    similarity(X, histories, items, 2.0)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 200 * n_items  # 200 events with all items would be four times as many bytes
