"""Reasons add up to the score, come in plain sentences, and quickly."""

from __future__ import annotations

import time

import numpy as np
import pytest

from palate.arrays import Ragged
from palate.data.worlds import copied_image
from palate.errors import BadInput
from palate.explain.reasons.because import because, nearest_in_content
from palate.explain.reasons.counterfactual import counterfactual, parts_of
from palate.explain.reasons.sentences import because_you, shares_words, would_change
from palate.model.ease import Ease, EaseSettings
from palate.tables import Block, Cases, FeatureTable, Histories, Origin, Training


@pytest.fixture(scope="module")
def fitted() -> tuple[Ease, Histories]:
    log = copied_image(1, n_users=80, n_items=60, per_user=12).data.interactions
    nobody = Cases(Histories.of_items(Ragged.of([])), Ragged.of([]), Ragged.of([]))
    model = Ease(EaseSettings(l2=20.0)).fit(Training(log, FeatureTable(log.items), nobody))
    return model, Histories.of(log, np.arange(20, dtype=np.int32))


def test_reasons_add_up_to_the_score(fitted: tuple[Ease, Histories]) -> None:
    model, histories = fitted
    scores = model.score(histories)
    for case in range(len(histories)):
        item = int(scores[case].argmax())
        found = because(model, histories.take(np.array([case])), item, float(scores[case, item]))
        assert found.contributions.sum() + found.rest == pytest.approx(found.score, abs=1e-6)
        assert abs(found.rest) < 1e-5
        assert (np.diff(found.contributions) <= 0).all()
        assert found.shares().sum() == pytest.approx(1.0)
        assert set(found.main()) <= set(found.past[:3])


def test_counterfactual_of_a_real_model_is_true(fitted: tuple[Ease, Histories]) -> None:
    model, histories = fitted
    k, checked = 3, 0
    for case in range(10):
        one = histories.take(np.array([case]))
        scores = model.score(one)[0].astype(np.float64)
        past, parts = parts_of(model, one, np.arange(60))
        assert parts.sum(axis=0) == pytest.approx(scores, abs=1e-5)
        rest = np.zeros(60)
        rest[one.items.values] = -np.inf
        item = int(np.argmax(scores + rest))
        found = counterfactual(parts, rest, past, item, k)
        assert found is not None
        if found.removed:
            left = [i for i in one.items.values.tolist() if i not in found.removed]
            after = model.score(Histories.of_items(Ragged.of([left])))[0] + rest
            assert np.count_nonzero(after > after[item] - 1e-6) - 1 >= k
            checked += 1
    assert checked >= 5


def test_one_reason_takes_less_than_a_millisecond(fitted: tuple[Ease, Histories]) -> None:
    model, histories = fitted
    one = histories.take(np.array([0]))
    because(model, one, 3, 0.5)
    spent = []
    for _ in range(50):
        start = time.perf_counter()
        because(model, one, 3, 0.5)
        spent.append(time.perf_counter() - start)
    assert np.median(spent) < 1e-3


def test_nearest_in_content() -> None:
    X = np.array([[1, 0], [0.9, 0.1], [0, 1], [0, 0]], np.float32)
    block = Block("text", X, np.array([True, True, True, False]), Origin("test"))
    near = nearest_in_content(block, np.array([1, 2, 3], np.int32), 0)
    assert [row for row, _ in near] == [1, 2]
    assert near[0][1] == pytest.approx(0.9939, abs=1e-3)
    assert nearest_in_content(block, np.array([1], np.int32), 3) == ()
    assert nearest_in_content(block, np.array([3], np.int32), 0) == ()


def test_sentences() -> None:
    assert because_you(["A", "B", "C"], "read") == "Because you read “A”, “B” and “C”."
    assert because_you(["甲", "乙", "丙"], "read", "zh") == "因为您读过《甲》《乙》和《丙》。"
    assert because_you([]) == "Many people like it."
    assert because_you([], language="zh") == "很多人都喜欢。"
    assert shares_words([], "A") == ""
    assert shares_words(["茶"], "甲", "zh") == "和《甲》一样，都与茶有关。"  # noqa: RUF001
    assert "whatever" in would_change([])
    assert "无关" in would_change([], language="zh")
    assert would_change(["甲"], "bought", "zh").startswith("如果您没有买过《甲》")
    assert len(because_you(["x" * 500])) < 90


def test_several_histories_are_refused(fitted: tuple[Ease, Histories]) -> None:
    model, histories = fitted
    with pytest.raises(BadInput):
        because(model, histories, 0, 0.0)
