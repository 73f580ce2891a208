"""Whoever wants to watch models and blocks learn, in a whole run."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

import palate
from palate.cli.console import Console
from palate.errors import BadRecipe
from palate.fit.tracking import Tracking, TrackSettings, in_words, tracking
from palate.pipeline.run import run
from palate.progress import Silent
from palate.recipe.recipe import parse

ROW = {"step": 20, "epoch": 1, "seconds": 0.5, "loss": 0.25, "metric": None}
BRIEF = {"epochs": 2, "batch": 32, "rate": 0.01}


@pytest.fixture
def learning_table(table: dict[str, Any]) -> dict[str, Any]:
    """Two neural models and a block that is adapted."""
    table["blocks"]["moved"] = {
        "part": "text.hashing.v1",
        "fields": ["title"],
        "shape": [{"part": "geometry.pca.v1", "dims": 8}],
        "adapt": [{"part": "adapt.residual.v1", "pairs": 100, "schedule": BRIEF}],
    }
    table["models"] = {
        "ids": {"part": "model.cooccurrence.v1"},
        "sasrec": {"part": "model.sasrec.v1", "schedule": BRIEF},
        "towers": {"part": "model.two_tower.v1", "block": "moved", "schedule": BRIEF},
    }
    return table


class Noted(Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, words: str) -> None:
        self.notes.append(words)


def test_words_for_the_console() -> None:
    assert in_words("sasrec", {**ROW, "metric": 0.5}) == "sasrec, epoch 1: loss 0.25, metric 0.5"
    assert in_words("sasrec", {"step": 3}) == "sasrec"


def test_the_section_is_read_and_checked(table: dict[str, Any]) -> None:
    table["track"] = {"tensorboard": "runs/tb"}
    assert parse(table, Path()).track == TrackSettings(tensorboard="runs/tb")
    table["track"] = {"tensorbord": "runs/tb"}
    with pytest.raises(BadRecipe, match='did you mean "tensorboard"'):
        parse(table, Path())


@pytest.mark.integration
def test_every_model_and_block_that_learns_is_watched(
    tmp_path: Path, learning_table: dict[str, Any], frames: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    pytest.importorskip("tensorboard")
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    learning_table["track"] = {"tensorboard": str(tmp_path / "tb")}
    progress = Noted()
    run(parse(learning_table, tmp_path), tmp_path / "run", palate.read(*frames).data, progress)
    curves = json.loads((tmp_path / "run" / "curves.json").read_text())
    assert set(curves) == {"moved", "sasrec", "towers"}
    assert "Training" in (tmp_path / "run" / "report.html").read_text()
    for name, rows in curves.items():
        told = accumulator.EventAccumulator(str(tmp_path / "tb" / "small" / name))
        told.Reload()
        losses = [(e.step, pytest.approx(e.value, rel=1e-5)) for e in told.Scalars("loss")]
        assert [(r["step"], r["loss"]) for r in rows if r["loss"] is not None] == losses
        assert len(losses) == 2
        assert any(note.startswith(f"{name}, epoch 2: loss ") for note in progress.notes)


@pytest.mark.integration
def test_repetitions_and_new_items_write_beside_each_other(
    tmp_path: Path, learning_table: dict[str, Any], frames: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    pytest.importorskip("tensorboard")
    del learning_table["models"]["towers"], learning_table["blocks"]
    learning_table["evaluate"] |= {"seeds": 2, "new_items": 0.1}
    learning_table["track"] = {"tensorboard": str(tmp_path / "tb")}
    run(parse(learning_table, tmp_path), tmp_path / "run", palate.read(*frames).data)
    assert len(list((tmp_path / "tb").iterdir())) == 4


@pytest.mark.integration
def test_without_learning_there_are_no_curves(
    tmp_path: Path, table: dict[str, Any], frames: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    run(parse(table, tmp_path), tmp_path / "run", palate.read(*frames).data)
    assert not (tmp_path / "run" / "curves.json").exists()


def test_mlflow_and_wandb_are_told_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []

    def log_metrics(named: Mapping[str, float], step: int) -> None:
        told.append(("mlflow", sorted(named), step))

    def init(project: str, name: str) -> Any:
        told.append(("init", project, name))
        return SimpleNamespace(
            log=lambda named, step: told.append(("wandb", sorted(named), step)),
            finish=lambda: told.append("finish"),
        )

    monkeypatch.setitem(sys.modules, "mlflow", SimpleNamespace(log_metrics=log_metrics))
    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(init=init))
    with tracking(TrackSettings(mlflow=True, wandb="shop"), "beauty", Silent()) as tracked:
        assert told == []
        tracked.of("sas/rec").row({"step": 20, "loss": 0.25})
        tracked.of("towers").row({"step": 7, "loss": 0.2})
    assert told == [
        ("mlflow", ["sas-rec/loss"], 20),
        ("init", "shop", "beauty"),
        ("wandb", ["sas/rec/loss"], 20),
        ("mlflow", ["towers/loss"], 7),
        ("wandb", ["towers/loss"], 7),
        "finish",
    ]


def test_what_was_begun_is_ended_after_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []

    class Writer:
        def __init__(self, folder: str) -> None:
            self.folder = folder

        def add_scalar(self, name: str, value: float, step: int) -> None: ...

        def flush(self) -> None: ...

        def close(self) -> None:
            closed.append(Path(self.folder).name)

    monkeypatch.setitem(
        sys.modules, "torch.utils.tensorboard", SimpleNamespace(SummaryWriter=Writer)
    )

    def fail(tracked: Tracking) -> None:
        tracked.of("a/../b").row(ROW)
        tracked.of("never told")
        raise ValueError("stop")

    with (
        pytest.raises(ValueError, match="stop"),
        tracking(TrackSettings(tensorboard=str(tmp_path)), "run", Silent()) as tracked,
    ):
        fail(tracked)
    assert closed == ["a-..-b"]


def test_the_console_shows_the_note_beside_its_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console()
    console.note("nobody asked")
    monkeypatch.setattr(type(console.err), "is_terminal", True)
    console.begin("fit", 3)
    console.note("sasrec, epoch 2: loss 3.1")
    assert console._bars is not None
    assert console._bars.tasks[0].description == "fit (sasrec, epoch 2: loss 3.1)"
    console.end()
    console.close()
