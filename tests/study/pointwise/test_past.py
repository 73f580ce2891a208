"""What was known before a moment, beside a slow count by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from palate.study.pointwise.cases import PointwiseCases, draw_cases
from palate.study.pointwise.event_index import EventIndex
from palate.study.pointwise.past import DAY, Past, content_columns, item_groups
from palate.tables import Block, Interactions, Origin

GROUPS = item_groups([["a", "b"] if i % 3 else ["c"] for i in range(240)])


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6), st.floats(-2, 2)), max_size=30),
    st.integers(0, 4),
    st.integers(0, 8),
)
def test_a_clock_counts_like_a_list(
    events: list[tuple[int, int, float]], key: int, time: int
) -> None:
    keys, times = (
        np.array([e[0] for e in events], np.int64),
        np.array([e[1] for e in events], np.int64),
    )
    clock, asked = EventIndex(keys, times), (np.array([key]), np.array([time]))
    earlier = sorted((t, v) for k, t, v in events if k == key and t < time)
    assert clock.before(*asked)[0] == len(earlier)
    assert clock.last(*asked, never=-9)[0] == (earlier[-1][0] if earlier else -9)
    assert clock.first(*asked, never=-9)[0] == (earlier[0][0] if earlier else -9)
    values = np.array([e[2] for e in events])
    assert clock.sum(values, *asked)[0] == pytest.approx(sum(v for _, v in earlier))


@pytest.fixture(scope="module")
def asked(log: Interactions) -> PointwiseCases:
    return draw_cases(log, (0.5, 0.8, 0.9), 60, 1, "uniform", seed=0)


def test_columns_by_hand(log: Interactions, asked: PointwiseCases) -> None:
    blocks, columns = Past(log, GROUPS).traditional(asked)
    by_column = {c: blocks[b][:, j] for b in blocks for j, c in enumerate(columns[b])}
    time = np.asarray(log.time)
    groups = [set(g[g >= 0].tolist()) for g in GROUPS]
    for row in range(0, len(asked), 7):
        u, i, t = int(asked.user[row]), int(asked.item[row]), int(asked.time[row])
        own, its = (time < t) & (log.user == u), (time < t) & (log.item == i)
        assert by_column["user.events"][row] == pytest.approx(np.log1p(own.sum()))
        assert by_column["item.recent_events"][row] == pytest.approx(
            np.log1p((its & (time >= t - 30 * DAY)).sum())
        )
        assert by_column["item.share_of_events"][row] == pytest.approx(its.sum() / (time < t).sum())
        since = (t - time[own].max()) / DAY if own.any() else (t - time.min()) / DAY
        assert by_column["user.days_since_last"][row] == pytest.approx(np.log1p(since))
        codes = [g for e in log.item[own] for g in groups[e]]
        counts = np.bincount(codes) if codes else np.array([1])
        p = counts[counts > 0] / counts.sum()
        assert by_column["user.entropy"][row] == pytest.approx(-(p * np.log(p)).sum(), abs=1e-9)
        shared = np.mean([codes.count(g) for g in groups[i]])
        assert by_column["pair.share_in_groups"][row] == pytest.approx(shared / max(own.sum(), 1))
        common = log.value[time < asked.time.min()].astype(float).mean()
        mean = (log.value[its].astype(float).sum() + 5 * common) / (its.sum() + 5)
        assert by_column["item.mean_value"][row] == pytest.approx(mean)


def test_nothing_at_or_after_a_moment_is_known(
    log: Interactions, asked: PointwiseCases, taste: Block
) -> None:
    cut = int(np.median(asked.time))
    before = asked.take(asked.time <= cut)
    random = np.random.default_rng(0)
    later = np.asarray(log.time) >= cut
    item, value = log.item.copy(), log.value.copy()
    item[later], value[later] = random.permutation(item[later]), 9.0
    other = replace(log, item=item, value=value)
    for one, two in zip(
        Past(log, GROUPS).traditional(before)[0].values(),
        Past(other, GROUPS).traditional(before)[0].values(),
        strict=True,
    ):
        assert np.allclose(
            one, two, rtol=0, atol=1e-9
        )  # sums run over other users first, and round
    same = [content_columns(which, taste, before, 3, 10, 5.0)[0] for which in (log, other)]
    assert np.array_equal(*same)


def test_similarities_by_hand_dense_and_sparse(
    log: Interactions, asked: PointwiseCases, taste: Block
) -> None:
    found, names = content_columns(log, taste, asked, directions=2, last=4, fade=2.0)
    assert names[:2] == ("taste.mean_similarity", "taste.nearest")
    assert len(names) == found.shape[1] == 9
    X = taste.matrix / np.linalg.norm(taste.matrix, axis=1, keepdims=True)
    time = np.asarray(log.time)
    for row in range(0, len(asked), 11):
        rows = np.flatnonzero((log.user == asked.user[row]) & (time < asked.time[row]))
        past = log.item[rows[np.argsort(time[rows], kind="stable")]][-4:]
        S = X[past] @ X[asked.item[row]]
        w = np.exp(-np.arange(len(past))[::-1] / 2.0)
        expected = [S.mean(), S.max(), S @ w / w.sum(), S[-1]] if len(past) else [0, 0, 0, 0]
        assert found[row, :4] == pytest.approx(expected, abs=1e-5)
    thin = replace(taste, matrix=sparse.csr_matrix(taste.matrix))
    assert content_columns(log, thin, asked, 0, 4, 2.0)[0] == pytest.approx(found[:, :7], abs=1e-5)
    assert content_columns(log, thin, asked, 3, 4, 2.0)[0].shape[1] == 10


def test_kin_by_hand(log: Interactions, asked: PointwiseCases) -> None:
    """Items 2 g and 2 g + 1 are kin, and nobody else."""
    X = np.eye(120, dtype=np.float32)[np.arange(240) // 2]
    found, names = content_columns(
        log, Block("x", X, np.ones(240, bool), Origin("made")), asked, 0, 4, 2.0
    )
    time, column = (
        np.asarray(log.time),
        {name.removeprefix("x."): j for j, name in enumerate(names)},
    )
    common = log.value[time < asked.time.min()].astype(float).mean()
    for row in range(0, len(asked), 9):
        own = (log.item == (asked.item[row] ^ 1)) & (time < asked.time[row])
        assert found[row, column["kin_events"]] == pytest.approx(np.log1p(own.sum()))
        mean = (log.value[own].astype(float).sum() + 5 * common) / (own.sum() + 5)
        assert found[row, column["kin_mean_value"]] == pytest.approx(mean)
