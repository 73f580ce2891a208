"""Metrics as questions: worked out by hand, and as others compute them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from palate.errors import BadInput, Refused
from palate.perturbation.questions import positions_within, question, ranking_metric
from palate.tables.labelled_rows import LabelledRows


def test_questions_agree_with_others() -> None:
    random = np.random.default_rng(1)
    label, told = (random.random(300) < 0.4).astype(np.float64), random.random(300).round(1)
    rows = LabelledRows({"x": told[:, None]}, label, np.arange(300, dtype=np.int32) // 3, "binary")
    assert question(rows, "auc").gains(told).mean() == pytest.approx(roc_auc_score(label, told))
    with pytest.raises(BadInput, match="probabilities"):
        question(rows).gains(told + 2)
    with pytest.raises(BadInput, match="no metric"):
        question(rows, "ndcg@10")
    with pytest.raises(BadInput, match="no ranking metric"):
        ranking_metric("map@x")
    with pytest.raises(Refused, match="same"):
        question(replace(rows, label=np.ones(300)), "auc").gains(told)


def test_ranking_questions_by_hand() -> None:
    request = np.array([0, 0, 0, 1, 1, 2], np.int32)
    rows = LabelledRows({}, np.array([0.0, 1, 0, 1, 1, 0]), request + 10, "ranking", request)
    told = np.array([3.0, 2, 1, 5, 5, 9])
    assert question(rows, "recall@1").gains(told).tolist() == [0.0, 0.5]
    assert question(rows, "recall@2").gains(told).tolist() == [1.0, 1.0]
    assert question(rows, "ndcg@3").gains(told)[0] == pytest.approx(1 / np.log2(3))
    assert question(rows, "auc").gains(told).tolist() == [0.5, 0.5]
    assert question(rows).cluster.tolist() == [10, 11]
    with pytest.raises(Refused, match="right answer"):
        question(replace(rows, label=np.zeros(6)))


def test_ties_within_a_group_share_their_place() -> None:
    places, tied = positions_within(np.array([1.0, 2, 2, 7, 0, 0]), np.array([0, 0, 0, 1, 1, 1]))
    assert tied.tolist() == [1, 2, 2, 1, 2, 2]
    assert places.tolist() == [3.0, 1.5, 1.5, 1.0, 2.5, 2.5]


def test_auc_of_rows_has_the_spread_of_delong() -> None:
    """The standard error from the rows' values is the spread of the area over samples."""
    areas, errors = [], []
    for seed in range(300):
        random = np.random.default_rng(seed)
        label = (random.random(200) < 0.4).astype(np.float64)
        told = label + random.standard_normal(200)
        rows = LabelledRows({}, label, np.arange(200, dtype=np.int32), "binary")
        gains = question(rows, "auc").gains(told)
        areas.append(gains.mean())
        errors.append(gains.std(ddof=1) / np.sqrt(200))
    assert np.mean(errors) == pytest.approx(np.std(areas), rel=0.12)
