"""Words explained where they come first, the best model explained, and slices without hits."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from palate.parts import PARTS
from palate.report import draw
from palate.report.leaderboard import leaderboard
from palate.report.lines import gate_chart
from palate.report.model_terms import model_terms
from palate.report.terms import (
    ABLATION,
    CONTROL,
    INTERVAL,
    LIFT,
    board_terms,
    head_terms,
    metric_term,
    why_best,
)
from palate.runs.documents import Figure, Gate, Summary
from palate.runs.files import SUMMARY as SUMMARY_FILE
from palate.runs.manifest import complete
from palate.runs.rows import Score, Validated
from palate.runs.writer import RunWriter
from palate.tables.variant import Variant

SUMMARY = Summary(primary="ndcg@10", best_model="knn")


def row(model: str, value: float | None, behind: float, error: float = 0.01) -> Validated:
    return Validated(model, "ndcg@10", value, behind, error, 0.0, 0.01, 1200)


@pytest.mark.parametrize("stage", ["metric", "listmetric"])
def test_every_metric_of_its_own_is_explained(stage: str) -> None:
    for name in PARTS[stage]:
        family = name.split(".")[1]
        assert metric_term(f"{family}@10"), name


def test_a_metric_that_is_not_known_is_not_explained() -> None:
    assert metric_term("mine@10") is None


def test_the_head_explains_what_its_figures_need() -> None:
    figures = (Figure("ndcg@10, knn", "0.1", ""), Figure("Largest control lift", "0 %", ""))
    terms = head_terms(dataclasses.replace(SUMMARY, figures=figures))
    assert [name for name, _ in terms] == ["NDCG@10", "Lift", "Control"]
    assert head_terms(SUMMARY) == ()
    best = (Figure("Recall@5, knn", "0.1", "the best by validation; all test users"),)
    assert [name for name, _ in head_terms(dataclasses.replace(SUMMARY, figures=best))] == [
        "Validation"
    ]


def test_what_each_model_does_is_said_once_a_kind() -> None:
    recipe = """
[models.kernel-a]
part = "model.text_kernel.v2"
[models.kernel-b]
part = "model.text_kernel.v1"
[models.mine]
part = "my.model.v1"
[models.ease]
part = "model.ease.v2"
"""
    terms = model_terms(recipe)
    assert [names for names, _ in terms] == ["kernel-a, kernel-b", "ease"]
    assert model_terms(None) == model_terms("no toml [") == ()


def test_every_model_that_a_run_may_choose_is_explained() -> None:
    for name in PARTS["scorer"]:
        assert model_terms(f'[models.x]\npart = "{name}"'), name


def test_the_leaderboard_explains_what_the_head_did_not() -> None:
    assert board_terms(["model", "control", "ablation"], [LIFT]) == (INTERVAL, CONTROL, ABLATION)
    assert board_terms(["model", "control"], [CONTROL]) == (INTERVAL,)


def test_the_best_is_explained() -> None:
    ahead = why_best(SUMMARY, [row("knn", 0.2, 0.0), row("ease", 0.1, 0.1)])
    assert "1,200 validation cases" in ahead
    assert "no model did better there (NDCG@10 0.2000)" in ahead
    near = why_best(SUMMARY, [row("knn", 0.195, 0.005), row("both", 0.2, 0.0)])
    assert "0.0050 behind both, which is less than the standard error (0.0100)" in near
    named = why_best(SUMMARY, [row("knn", 0.1, 0.1), row("both", 0.2, 0.0)])
    assert named.startswith("Named by the recipe")


def test_nothing_is_said_of_a_best_that_validation_did_not_choose() -> None:
    assert why_best(SUMMARY, None) == ""
    assert why_best(SUMMARY, [row("ease", 0.1, 0.0), row("knn", None, 0.0)]) == ""
    assert why_best(dataclasses.replace(SUMMARY, validated=False), [row("knn", 0.1, 0.0)]) == ""


def scores(metric: str, *values: float) -> list[Score]:
    return [
        Score(f"m{n}", "target 0", metric, value, None, None, 9, None, "model", Variant(f"m{n}"))
        for n, value in enumerate(values)
    ]


def test_a_slice_that_nobody_hits_says_so() -> None:
    board = leaderboard(scores("ndcg@10", 0.0, 0.0), SUMMARY)
    assert board
    assert [cells[0].words for *_, cells in board.by_slice.rows] == ["no hits", "no hits"]
    assert board.data.cells["0/0"].empty


@pytest.mark.parametrize(
    ("metric", "values"), [("ndcg@10", (0.0, 0.1)), ("coverage@10", (0.0, 0.0))]
)
def test_other_zeros_stay_numbers(metric: str, values: tuple[float, ...]) -> None:
    board = leaderboard(scores(metric, *values), SUMMARY)
    assert board
    assert "0.0000" in [cells[0].words for *_, cells in board.by_slice.rows]
    assert not board.data.cells["0/0"].empty


def test_ticks_of_a_long_axis_keep_their_distance() -> None:
    chart = gate_chart([Gate(0, 1.0), Gate(100_000, 0.1)])
    assert chart
    words = [text for _, text in chart.x_ticks]
    assert "0" in words
    assert not {"30,000", "100,000"} <= set(words)


def test_a_run_whose_page_is_drawn_again_is_still_whole(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with RunWriter(folder) as writer:
        writer.write(SUMMARY_FILE, SUMMARY)
        writer.text("report.html", "an older page")
        writer.finish()
    assert "best by validation" not in draw(folder).read_text(encoding="utf-8")
    assert "report.html" in complete(folder).files
    draw(folder, tmp_path)
    assert (tmp_path / "report.html").exists()
