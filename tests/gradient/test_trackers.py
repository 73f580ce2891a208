"""Where training curves go."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from palate.errors import MissingExtra
from palate.gradient.trackers import JsonLines, MlFlow, Several, TensorBoard, WeightsAndBiases

ROW = {"step": 20, "epoch": 1, "loss": 0.25, "metric": None}


def test_json_lines_grow(tmp_path: Path) -> None:
    tracker = JsonLines(tmp_path / "deep" / "curve.jsonl")
    tracker.row(ROW)
    tracker.row({**ROW, "step": 40, "metric": 0.5})
    lines = [json.loads(line) for line in tracker.path.read_text().splitlines()]
    assert lines == [ROW, {**ROW, "step": 40, "metric": 0.5}]


def test_tensorboard_gets_numbers_at_their_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []

    class Writer:
        def __init__(self, folder: str) -> None:
            told.append(folder)

        def add_scalar(self, name: str, value: float, step: int) -> None:
            told.append((name, value, step))

        def flush(self) -> None:
            told.append("flush")

    monkeypatch.setitem(
        sys.modules, "torch.utils.tensorboard", SimpleNamespace(SummaryWriter=Writer)
    )
    tracker = TensorBoard(tmp_path, "sasrec/")
    tracker.row(ROW)
    tracker.row({"step": 21, "loss": 0.2})
    assert told == [
        str(tmp_path),
        ("sasrec/epoch", 1.0, 20),
        ("sasrec/loss", 0.25, 20),
        "flush",
        ("sasrec/loss", 0.2, 21),
        "flush",
    ]


def test_mlflow_and_wandb_get_one_call_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    logged = SimpleNamespace(log_metrics=lambda named, step: told.append((named, step)))
    monkeypatch.setitem(sys.modules, "mlflow", logged)
    run = SimpleNamespace(log=lambda named, step: told.append((named, step)))
    Several([MlFlow("a."), WeightsAndBiases(run, "b.")]).row(ROW)
    assert told == [({"a.epoch": 1.0, "a.loss": 0.25}, 20), ({"b.epoch": 1.0, "b.loss": 0.25}, 20)]


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(MissingExtra, match="tracking"):
        MlFlow().row(ROW)
