"""Slices that nobody had stand beside the others, though they are compared with permuted texts."""

from __future__ import annotations

from palate.report.lift import by_key, lift
from palate.runs.documents import Summary
from palate.runs.rows import Comparison, Score
from palate.tables.variant import Variant

BOTH, IDS, DEALT = Variant("both"), Variant("ids"), Variant("both", "permuted", ("text",))


def _lift(against: Variant, part: str, difference: float) -> Comparison:
    names, numbers = (BOTH.name, against.name), (difference, 0.01, 0.03, 0.95, 0.01, 0.01, 9)
    return Comparison(*names, "ndcg@10", part, *numbers, "lift", BOTH, against)


def _score(model: Variant, part: str, value: float) -> Score:
    numbers = (value, None, None, 9, 1.0)
    return Score(model.name, part, "ndcg@10", *numbers, model.role, model)


def test_slices_against_permuted_texts_join_the_chart_of_their_model() -> None:
    rows = [_lift(DEALT, "new items", 0.02), _lift(IDS, "all", 0.01)]
    board = [_score(IDS, "all", 0.1), _score(DEALT, "new items", 0.02)]
    drawn = lift(
        rows, by_key(board), Summary(best_model="both", base_model="ids", primary="ndcg@10")
    )
    assert drawn is not None
    assert drawn.pairs == {"both | ids": "both against ids"}
    (chart,) = drawn.charts
    assert [row.entry.label for row in chart.forest.rows] == ["All users", "New items"]
    assert "against permuted texts" in chart.forest.rows[1].entry.note
    assert "NDCG@10 0.0200 with permuted texts, 0.0400 with" in chart.forest.rows[1].entry.tip
    assert "against ids (without)," in chart.forest.caption


def test_permuted_texts_are_not_called_no_texts() -> None:
    alone = lift([_lift(DEALT, "all", 0.02)], by_key([_score(DEALT, "all", 0.02)]), Summary())
    assert alone is not None
    assert "against both, texts permuted, with" in alone.charts[0].forest.caption
