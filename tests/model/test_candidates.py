"""Candidates and their columns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from palate.arrays import Floats, Ragged, dense
from palate.model.candidates import CandidateFeatures, content_arrays, content_of, item_columns
from palate.tables import Block, FeatureTable, Histories, Interactions, Origin, Vocabulary


class Fixed:
    """Gives every case the same scores."""

    uses_validation = False

    def __init__(self, scores: list[float]) -> None:
        self.scores = np.array(scores, np.float32)

    def score(self, histories: Histories) -> Floats:
        return np.tile(self.scores, (len(histories), 1))


CONTENT = np.array([[1, 0], [0, 1], [0.6, 0.8], [1, 0], [0, 0]], np.float32)
FEATURES = CandidateFeatures(
    {"a": Fixed([5, 4, 3, 2, 1]), "b": Fixed([0, 0, 0, 9, 8])},  # type: ignore[dict-item]
    {"text": CONTENT},
    np.array([9, 3, 1, 0, 0], np.float32),
    width=2,
)


def test_candidates_are_the_best_unseen_of_each_member_once() -> None:
    found = FEATURES.of(Histories.of_items(Ragged.of([[0], [], [3, 4]])))
    assert [sorted(i for i in row if i >= 0) for row in found.items.tolist()] == [
        [1, 2, 3, 4],
        [0, 1, 3, 4],
        [0, 1],
    ]
    assert found.columns.shape == (3, 4, len(FEATURES.names()))


def test_columns_by_hand() -> None:
    found = FEATURES.of(Histories.of_items(Ragged.of([[1, 0]])))
    column = {name: number for number, name in enumerate(FEATURES.names())}
    place = found.items[0].tolist().index(2)
    predictions = {name: float(found.columns[0, place, number]) for name, number in column.items()}
    assert predictions["score.a"] == 3
    assert predictions["share.a"] == pytest.approx(0)  # the mean of all items
    assert predictions["place.a"] == 1.0  # the best one that was not had before
    assert predictions["best.b"] == 9
    assert predictions["place.b"] == 0
    assert predictions["similarity.text"] == pytest.approx((0.8 + 0.6) / 2)
    assert predictions["nearest.text"] == pytest.approx(0.8)
    old = np.exp(-0.5)
    assert predictions["recent.text"] == pytest.approx((0.8 * old + 0.6) / (1 + old))
    assert predictions["latest.text"] == pytest.approx(0.6)
    assert predictions["popularity"] == pytest.approx(np.log(2))
    assert predictions["popularity of the newest"] == pytest.approx(np.log(10))
    assert predictions["history"] == pytest.approx(np.log(3))


def test_what_members_say_never_lowers_a_candidate() -> None:
    predictions = dict(zip(FEATURES.names(), FEATURES.directions(), strict=True))
    assert [predictions[f"{what}.a"] for what in ("score", "share", "place", "best")] == [
        1,
        1,
        1,
        0,
    ]
    assert predictions["popularity"] == predictions["nearest.text"] == 0


def test_an_empty_history_has_no_similarity() -> None:
    found = FEATURES.of(Histories.of_items(Ragged.of([[]])))
    names = FEATURES.names()
    assert not found.columns[
        0, :, [names.index("similarity.text"), names.index("recent.text")]
    ].any()


def test_what_is_known_of_items_by_hand() -> None:
    items = Vocabulary.of("abcd")
    days = np.array([0, 2, 3], np.int64) * 86_400
    log = Interactions(
        Vocabulary.of("u"),
        items,
        np.zeros(3, np.int32),
        np.array([0, 0, 1], np.int32),
        np.ones(3, np.float32),
        days,
    )
    fields = Block(
        "f",
        np.arange(8, dtype=np.float32).reshape(4, 2),
        np.ones(4, bool),
        Origin("made"),
        ("x", "y"),
    )
    words = Block(
        "w",
        sparse.csr_matrix(np.eye(4, dtype=np.float32)),
        np.ones(4, bool),
        Origin("made"),
        tuple("abcd"),
    )
    known = item_columns(log, FeatureTable(items, {"f": fields, "w": words}), None, most=3)
    assert list(known) == ["recency", "f.x", "f.y"]
    assert list(item_columns(log, FeatureTable(items, {"f": fields}), (), most=3)) == ["recency"]
    assert known["recency"] == pytest.approx(np.log1p([1, 0, 3, 3]))
    assert known["f.y"].tolist() == [1, 3, 5, 7]
    assert (
        list(
            item_columns(replace(log, time=None), FeatureTable(items, {"w": words}), ("w",), most=3)
        )
        == []
    )


def test_sparse_content_is_described_and_stored_like_dense() -> None:
    thin = replace(FEATURES, content={"text": sparse.csr_matrix(CONTENT)})
    histories = Histories.of_items(Ragged.of([[1, 0], [], [2]]))
    assert thin.of(histories).columns == pytest.approx(FEATURES.of(histories).columns)
    for content in (thin.content, FEATURES.content):
        again = content_of(content_arrays(content), ["text"])["text"]
        assert np.array_equal(dense(again), CONTENT)
        assert type(again) is type(content["text"])
