from __future__ import annotations

import numpy as np
import polars as pl

from palate.tables import Rankings, TargetRanks, Vocabulary


def test_frame_has_ids_ranks_from_one_and_no_empty_places() -> None:
    rankings = Rankings(
        np.array([1, -1], np.int32),
        np.array([[2, 0], [1, -1]], np.int32),
        np.array([[0.5, 0.25], [9.0, -np.inf]], np.float32),
    )
    frame = rankings.frame(Vocabulary(("u", "v")), Vocabulary(("a", "b", "c")))
    assert frame.to_dicts() == [
        {"user_id": "v", "item_id": "c", "score": 0.5, "rank": 1},
        {"user_id": "v", "item_id": "a", "score": 0.25, "rank": 2},
        {"user_id": "", "item_id": "b", "score": 9.0, "rank": 1},
    ]
    assert frame.schema["rank"] == pl.Int32


def test_no_cases_give_an_empty_frame_with_its_columns() -> None:
    empty = Rankings(
        np.empty(0, np.int32), np.empty((0, 3), np.int32), np.empty((0, 3), np.float32)
    )
    frame = empty.frame(Vocabulary(()), Vocabulary(()))
    assert frame.columns == ["user_id", "item_id", "score", "rank"]
    assert frame.height == 0
    assert frame.schema["user_id"] == frame.schema["item_id"] == pl.String


def test_targets_are_counted_and_left_out_by_case() -> None:
    ranks = TargetRanks(
        np.array([0, 0, 2], np.int32),
        np.array([5, 6, 5], np.int32),
        np.array([1.0, np.inf, 2.5]),
        np.array([9, 9, 8]),
    )
    assert ranks.n_cases == 3
    assert ranks.n_targets().tolist() == [2, 0, 1]
    fewer = ranks.only(ranks.item == 5)
    assert fewer.n_cases == 3
    assert fewer.n_targets().tolist() == [1, 0, 1]
    assert fewer.position.tolist() == [1.0, 2.5]
