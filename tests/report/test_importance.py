"""What each block is worth."""

from __future__ import annotations

from palate.report.importance import ablation, importance
from palate.runs.rows import Ablation, Importance

ROWS = [
    Importance(
        "poster", "add", "What does it add?", "ndcg@10", -0.01, -0.02, -0.005, 0.01, "harmful"
    ),
    Importance(
        "title", "add", "What does it add?", "ndcg@10", 0.02, 0.01, 0.03, 0.001, "keep", 1.5, 2000
    ),
    Importance(
        "brand", "add", "What does it add?", "ndcg@10", 0.001, -0.01, 0.01, 0.6, "no evidence"
    ),
    Importance("genre", "add", "What does it add?", "ndcg@10", None),
    Importance(
        "title", "drop", "What would be lost?", "ndcg@10", 0.01, 0.005, 0.02, 0.2, "no evidence"
    ),
]


def test_one_table_for_each_question_best_first() -> None:
    added, dropped = importance(ROWS)
    assert (added.title, added.question) == ("Added \N{MIDDLE DOT} NDCG@10", "What does it add?")
    assert [r.entry.label for r in added.forest.rows] == ["title", "brand", "poster", "genre"]
    assert [r.entry.tone for r in added.forest.rows] == ["gain", "even", "loss", "even"]
    assert (
        dropped.forest.rows[0].entry.tone == "even"
    )  # the interval leaves 0 out, the corrected p does not


def test_costs_have_a_column_where_they_are_known() -> None:
    added, dropped = importance(ROWS)
    assert added.forest.extra_heads == ("Verdict", "p", "Cost")
    costs = [r.entry.extras[2].replace("\N{NARROW NO-BREAK SPACE}", " ") for r in added.forest.rows]
    assert costs == ["1.5 s, 2 kB", *["\N{EN DASH}"] * 3]
    assert dropped.forest.extra_heads == ("Verdict", "p")


def test_a_row_without_a_method() -> None:
    [asked] = importance([Importance("title", metric="ndcg@10")])
    assert asked.title == "NDCG@10"


def test_ablations_by_metric() -> None:
    first, second = ablation(
        [
            Ablation("concat", "", "auc", 0.5),
            Ablation("concat", "title", "auc", 0.7),
            Ablation("mean", "a", "mrr", 0.1),
        ]
    )
    assert [r.entry.label for r in first.rows] == ["title", "no blocks"]
    assert second.figure_head == "MRR"


def test_nothing_to_show() -> None:
    assert importance(None) == ()
    assert ablation(None) == ()
