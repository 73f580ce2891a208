"""Slices that nobody had stand beside the others, though they are compared with permuted texts."""

from __future__ import annotations

from palate.report.lift import by_key, lift
from palate.runs.rows import Comparison, Score, Summary


def test_slices_against_permuted_texts_join_the_chart_of_their_model() -> None:
    shared = {
        "metric": "ndcg@10",
        "low": 0.01,
        "high": 0.03,
        "p": 0.01,
        "p_adjusted": 0.01,
        "n_users": 9,
        "purpose": "lift",
    }
    rows = [
        Comparison(a="both", b="both~permuted", slice="new items", difference=0.02, **shared),
        Comparison(a="both", b="ids", slice="all", difference=0.01, **shared),
    ]
    board = [Score(model="ids", slice="all", metric="ndcg@10", value=0.1, kind="model")]
    board += [
        Score(
            model="both~permuted", slice="new items", metric="ndcg@10", value=0.02, kind="control"
        )
    ]
    drawn = lift(
        rows, by_key(board), Summary(best_model="both", base_model="ids", primary="ndcg@10")
    )
    assert drawn is not None
    assert drawn.pairs == {"both | ids": "both against ids"}
    (chart,) = drawn.charts
    assert [row.entry.label for row in chart.forest.rows] == ["All users", "New items"]
    assert "against permuted texts" in chart.forest.rows[1].entry.note
