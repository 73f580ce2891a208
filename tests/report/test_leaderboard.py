"""Models in their order, with every metric and slice."""

from __future__ import annotations

from palate.report.leaderboard import leaderboard
from palate.runs.documents import Summary
from palate.runs.rows import Score
from palate.tables.variant import Variant

SUMMARY = Summary(primary="ndcg@10", base_model="id", best_model="blend")


def score(
    model: Variant,
    metric: str = "ndcg@10",
    part: str = "all",
    value: float | None = None,
    reach: float = 0.01,
    seconds: float | None = None,
    source: str = "",
) -> Score:
    low, high = (None, None) if value is None else (value - reach, value + reach)
    numbers = (value, low, high, 10, seconds)
    return Score(model.name, part, metric, *numbers, model.role, model, source)


ID, BLEND = Variant("id"), Variant("blend")
ROWS = [
    score(ID, "recall@10", value=0.2, seconds=1.0),
    score(ID, value=0.10, seconds=1.5),
    score(BLEND, value=0.20, seconds=2.0),
    score(BLEND, part="target 0", value=0.01, seconds=2.0),
    score(Variant("blend", "random", ("text",)), value=0.10, seconds=2.0),
    score(Variant("BPR", "published"), value=0.15, source="a paper"),
    score(Variant("slow"), "recall@10", value=0.3),
]


def test_the_best_stands_first_and_the_unmeasured_last() -> None:
    board = leaderboard(ROWS, SUMMARY)
    assert board
    assert [s.model for s in board.standings] == [
        "blend",
        "BPR",
        "id",
        "blend, random vectors",
        "slow",
    ]
    assert [s.role for s in board.standings][:3] == ["best", "", "base"]
    assert [s.kind for s in board.standings] == ["model", "published", "model", "control", "model"]
    assert board.standings[-1].figure == "\N{EN DASH}"
    assert board.standings[1].source == "a paper"


def test_grids_mark_the_best_of_each_column() -> None:
    board = leaderboard(ROWS, SUMMARY)
    assert board
    assert board.by_slice.heads == ("All users", "Items never seen")
    first = board.by_slice.rows[0]
    assert first[1] == "blend"
    assert [c.is_best for c in first[3]] == [
        True,
        False,
    ]  # alone in its column is not best of anything
    assert first[3][0].share == 100.0
    assert board.by_slice.rows[2][3][1].words == "\N{EN DASH}"
    assert board.all_metrics.heads == ("Recall@10", "NDCG@10")


def test_the_script_gets_every_number_and_its_scale() -> None:
    board = leaderboard(ROWS, SUMMARY)
    assert board
    data = board.data
    cell = data.cells[f"{data.slices.index('all')}/{data.metrics.index('ndcg@10')}"]
    assert cell.rows[data.models.index("blend")] == [0.2, 0.19, 0.21, 10]
    assert cell.scale[0] < 0.09 < 0.21 < cell.scale[1]
    assert f"{data.slices.index('target 0')}/{data.metrics.index('recall@10')}" not in data.cells


def test_an_unknown_primary_metric_gives_way_to_the_first() -> None:
    board = leaderboard(ROWS, Summary(primary="auc"))
    assert board
    assert board.primary == "recall@10"


def test_nothing_to_show() -> None:
    assert leaderboard([], SUMMARY) is None
    assert leaderboard(None, SUMMARY) is None


def test_one_model_without_a_value() -> None:
    board = leaderboard([score(Variant("a"))], SUMMARY)
    assert board
    assert board.by_slice.rows[0][3][0].value is None
