"""What each block is worth."""

from __future__ import annotations

from palate.report.importance import ablation, importance
from palate.runs.rows import Ablation, Importance
from palate.tables.variant import Variant
from palate.tables.verdict import Answer

BLEND = Variant("blend")
UNKNOWN = (None, None, None, None)


def _row(
    block: str,
    numbers: tuple[float | None, ...] = UNKNOWN,
    answer: Answer = "no evidence",
    cost: tuple[float | None, int | None] = (None, None),
    asked: tuple[str, str] = ("add", "What does it add?"),
    level: float = 0.05,
) -> Importance:
    *ends, p = numbers
    rest = (answer, *cost, BLEND, level)
    return Importance(block, *asked, "ndcg@10", *ends, 1 - level / 2, p, *rest)  # type: ignore[arg-type]


LOST = (0.01, -0.005, 0.02, 0.2)
ROWS = [
    _row("poster", (-0.01, -0.02, -0.005, 0.01), "harmful"),
    _row("title", (0.02, 0.01, 0.03, 0.001), "keep", (1.5, 2000)),
    _row("brand", (0.001, -0.01, 0.01, 0.6)),
    _row("genre"),
    _row("title", LOST, asked=("drop", "What would be lost?")),
]


def _combined(blocks: tuple[str, ...], metric: str, value: float) -> Ablation:
    variant = Variant("concat", "combination", blocks)
    return Ablation("concat", blocks, metric, value, None, None, variant)


def test_one_table_for_each_question_best_first() -> None:
    added, dropped = importance(ROWS)
    assert (added.title, added.question) == ("Added \N{MIDDLE DOT} NDCG@10", "What does it add?")
    assert [r.entry.label for r in added.forest.rows] == ["title", "brand", "poster", "genre"]
    assert [r.entry.tone for r in added.forest.rows] == ["gain", "even", "loss", "even"]
    assert dropped.forest.rows[0].entry.tone == "even"
    assert dropped.forest.caption.endswith("95 % intervals, corrected for the number of blocks")


def test_costs_have_a_column_where_they_are_known() -> None:
    added, dropped = importance(ROWS)
    assert added.forest.extra_heads == ("Verdict", "p", "Cost")
    costs = [r.entry.extras[2].replace("\N{NARROW NO-BREAK SPACE}", " ") for r in added.forest.rows]
    assert costs == ["1.5 s, 2 kB", *["\N{EN DASH}"] * 3]
    assert dropped.forest.extra_heads == ("Verdict", "p")


def test_a_row_without_a_method() -> None:
    [asked] = importance([_row("title", asked=("", ""))])
    assert asked.title == "NDCG@10"


def test_ablations_by_metric() -> None:
    first, second = ablation(
        [
            _combined((), "auc", 0.5),
            _combined(("title",), "auc", 0.7),
            _combined(("a",), "mrr", 0.1),
        ]
    )
    assert [r.entry.label for r in first.rows] == ["title", "no blocks"]
    assert second.figure_head == "MRR"


def test_nothing_to_show() -> None:
    assert importance(None) == ()
    assert ablation(None) == ()


def test_a_row_is_judged_at_the_level_it_was_asked_at() -> None:
    numbers = (0.02, 0.01, 0.03, 0.07)
    rows = [_row("strict", numbers, "replaceable"), _row("lenient", numbers, "keep", level=0.1)]
    [asked] = importance(rows)
    tones = {r.entry.label: r.entry.tone for r in asked.forest.rows}
    assert tones == {"strict": "even", "lenient": "gain"}


def test_a_row_without_evidence_is_not_coloured_as_a_gain() -> None:
    [drawn] = importance([_row("noise", (0.02, 0.01, 0.03, 0.001), "no evidence")])
    assert drawn.forest.rows[0].entry.tone == "even"
