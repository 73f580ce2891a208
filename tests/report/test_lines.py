"""Line charts."""

from __future__ import annotations

import re

import pytest

from palate.report.lines import curves, gate_chart
from palate.runs.documents import Gate
from palate.runs.rows import Step


def points(path: str) -> list[tuple[float, float]]:
    [d] = re.findall(r' d="M([^"]*)"', path)
    return [(float(x), float(y)) for x, y in (pair.split() for pair in d.split("L"))]


def test_a_gate_runs_from_left_to_right_and_falls() -> None:
    chart = gate_chart([Gate(100, 0.1), Gate(0, 1.0), Gate(10, 0.5), Gate(None, 0.2)])
    assert chart
    drawn = points(str(chart.svg))
    assert [x for x, _ in drawn] == sorted(x for x, _ in drawn)
    assert (drawn[0][0], drawn[-1][0]) == (0.0, 100.0)
    assert [y for _, y in drawn] == sorted(y for _, y in drawn)  # y grows downwards
    assert [words for _, words in chart.x_ticks] == ["0", "1", "3", "10", "30", "100"]
    assert chart.alt == "The weight is 1.00 at 0 interactions and 0.10 at 100."


def test_a_gate_needs_two_points() -> None:
    assert gate_chart([]) is None
    assert gate_chart([Gate(1, 0.5)]) is None


def test_curves_leave_out_what_was_not_measured() -> None:
    steps = [
        Step(0, loss=3.0),
        Step(10, loss=2.0, metric=0.1),
        Step(20, loss=None, metric=0.2),
        Step(None, loss=1.0),
    ]
    [curve] = curves({"sasrec": steps, "flat": [Step(0, loss=1.0)]})
    loss, metric = curve.charts
    assert len(points(str(loss.svg))) == len(points(str(metric.svg))) == 2
    assert "from 3 to 2, lowest 2, highest 3" in loss.alt


def test_a_constant_curve_is_a_level_line() -> None:
    [curve] = curves({"m": [Step(0, loss=0.0), Step(1, loss=0.0)]})
    assert {y for _, y in points(str(curve.charts[0].svg))} == {50.0}


def test_nothing_to_show() -> None:
    assert curves(None) == ()
    assert curves({"m": [Step(1, loss=1.0), Step(1, loss=2.0)]}) == ()


@pytest.mark.parametrize(
    ("before", "later", "words"),
    [
        (0.2, [0.1, 0.3], "raised the metric"),
        (0.2, [0.2, 0.1], "did not raise the metric"),
        (None, [None, None], "Without validation cases"),
    ],
)
def test_what_came_of_training_on_sampled_lists(
    before: float | None, later: list[float | None], words: str
) -> None:
    steps = [Step(1, loss=3.0, metric=0.5), Step(2, metric=before, distinct_items=9)]
    steps += [
        Step(3 + i, loss=2.0, metric=m, reward=0.1, discriminator_loss=0.6, distinct_items=8)
        for i, m in enumerate(later)
    ]
    [curve] = curves({"seqgan": steps})
    assert words in curve.note
    titles = {chart.title for chart in curve.charts}
    assert {"Loss of the discriminator", "Reward of sampled lists"} <= titles


def test_other_models_say_nothing_of_sampled_lists() -> None:
    [curve] = curves({"sasrec": [Step(0, loss=3.0), Step(1, loss=2.0)]})
    assert curve.note == ""
