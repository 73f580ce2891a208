"""The one training loop."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from palate.errors import Refused
from palate.gradient.engine import constant, tensor
from palate.gradient.loop import Schedule, train


class Line:
    """Finds the w of y = 3 w; told which metrics its evaluations give."""

    def __init__(self, metrics: list[float] | None = None, spoil: float = 1.0) -> None:
        self.parameters = {"w": constant((), 0.0)}
        self.metrics = iter(metrics or [])
        self.always_nan = metrics is None
        self.spoil = spoil
        self.orders: list[list[int]] = []
        self.seen: list[float] = []

    def batches(self, rng: np.random.Generator) -> Iterator[Any]:
        order = rng.permutation(4).tolist()
        self.orders.append(order)
        for x in order:
            yield tensor(np.array([x], np.float32))

    def loss(self, batch: Any) -> Any:
        return ((self.parameters["w"] * batch - 3 * batch) ** 2).mean() * self.spoil

    def metric(self) -> float:
        self.seen.append(float(self.parameters["w"].detach()))
        return float("nan") if self.always_nan else next(self.metrics)


class Heard:
    def __init__(self) -> None:
        self.rows: list[dict[str, float | None]] = []

    def row(self, values: Mapping[str, float | None]) -> None:
        self.rows.append(dict(values))


def test_it_learns_and_reports_every_row() -> None:
    line, heard = Line(), Heard()
    curve = train(line, Schedule(epochs=60, rate=0.1), seed=0, tracker=heard)
    assert float(line.parameters["w"].detach()) == pytest.approx(3, abs=0.05)
    assert curve.stopped == "epochs"
    assert [row["step"] for row in curve.rows] == [4 * (i + 1) for i in range(60)]
    assert heard.rows == list(curve.rows)
    assert all(row["metric"] is None for row in curve.rows)
    assert curve.best == 59
    assert json.loads(json.dumps(curve.facts()))["stopped"] == "epochs"


def test_it_stops_when_the_metric_stops_rising_and_keeps_the_best() -> None:
    line = Line([0.1, 0.5, 0.4, 0.5, 0.3, 0.2])
    curve = train(line, Schedule(epochs=50, rate=0.1, patience=3), seed=0)
    assert (curve.stopped, curve.best, len(curve.rows)) == ("patience", 1, 5)
    assert float(line.parameters["w"].detach()) == pytest.approx(line.seen[1])


def test_training_that_never_helps_changes_nothing() -> None:
    line = Line([0.9, 0.5, 0.6, 0.7])
    curve = train(line, Schedule(epochs=50, rate=0.1, patience=3), seed=0, from_start=True)
    assert (curve.best, curve.rows[0]["epoch"], curve.rows[0]["loss"], len(curve.rows)) == (
        0,
        0,
        None,
        4,
    )
    assert float(line.parameters["w"].detach()) == 0.0


def test_evaluations_are_as_far_apart_as_asked_and_one_comes_last() -> None:
    curve = train(Line(), Schedule(epochs=5, evaluate_every=2), seed=0)
    assert [row["epoch"] for row in curve.rows] == [2, 4, 5]


def test_a_budget_of_seconds_ends_training() -> None:
    curve = train(Line(), Schedule(epochs=1000, max_seconds=1e-9), seed=0)
    assert curve.stopped == "seconds"
    assert curve.rows[-1]["step"] == 1


def test_the_order_of_batches_comes_from_the_seed() -> None:
    lines = [Line() for _ in range(3)]
    for line, seed in zip(lines, (1, 1, 2), strict=True):
        train(line, Schedule(epochs=3), seed=seed)
    assert lines[0].orders == lines[1].orders != lines[2].orders
    assert lines[0].orders[0] != lines[0].orders[1] or lines[0].orders[1] != lines[0].orders[2]


def test_decay_pulls_towards_zero() -> None:
    weights = []
    for decay in (0.0, 1.0):
        line = Line()
        train(line, Schedule(epochs=80, rate=0.1, decay=decay), seed=0)
        weights.append(float(line.parameters["w"].detach()))
    assert weights[1] < weights[0] - 0.05


def test_a_loss_that_is_no_number_is_refused() -> None:
    with pytest.raises(Refused, match="diverged"):
        train(Line(spoil=float("inf")), Schedule(epochs=1), seed=0)
