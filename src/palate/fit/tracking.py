"""Who watches models and blocks learn: the console, the run directory, TensorBoard, MLflow, Weights
& Biases.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from palate.gradient.trackers import MlFlow, Several, TensorBoard, WeightsAndBiases
from palate.optional import need
from palate.progress import Progress, Tracker
from palate.recipe.settings import TrackSettings

Values = Mapping[str, float | None]


@dataclass
class Tracking:
    """Trackers of one trial, by the name of what learns.

    Attributes:
        settings: What watches besides the console.
        run: Name of the trial.
        progress: Receives the newest loss and metric in words.
        curves: Name -> rows of its curve, as they came.
    """

    settings: TrackSettings
    run: str
    progress: Progress
    curves: dict[str, list[dict[str, float | None]]] = field(default_factory=dict)
    _boards: list[TensorBoard] = field(default_factory=list)
    _wandb: Any = None

    def of(self, name: str) -> Tracker:
        """Everybody who watches the model or the block `name`."""
        watching: list[Tracker] = [
            _Kept(self.curves.setdefault(name, [])),
            _InWords(name, self.progress),
        ]
        if self.settings.tensorboard:
            board = TensorBoard(Path(self.settings.tensorboard) / _plain(self.run) / _plain(name))
            self._boards.append(board)
            watching.append(board)
        if self.settings.mlflow:
            watching.append(MlFlow(f"{_plain(name)}/"))
        if self.settings.wandb:
            watching.append(_WhenNeeded(self, f"{name}/"))
        return Several(watching)

    def wandb_run(self) -> Any:
        """The run of Weights & Biases, begun when the first row comes."""
        if self._wandb is None:
            wandb = need("wandb", extra="tracking", purpose="log to Weights & Biases")
            self._wandb = wandb.init(project=self.settings.wandb, name=self.run)
        return self._wandb

    def close(self) -> None:
        """End what was begun; curves stay."""
        for board in self._boards:
            board.close()
        if self._wandb is not None:
            self._wandb.finish()


@contextmanager
def tracking(settings: TrackSettings, run: str, progress: Progress) -> Iterator[Tracking]:
    """`Tracking`, closed at the end whatever happens."""
    found = Tracking(settings, run, progress)
    try:
        yield found
    finally:
        found.close()


@dataclass(frozen=True)
class _Kept:
    rows: list[dict[str, float | None]]

    def row(self, values: Values) -> None:
        self.rows.append(dict(values))


@dataclass(frozen=True)
class _InWords:
    name: str
    progress: Progress

    def row(self, values: Values) -> None:
        self.progress.note(in_words(self.name, values))


@dataclass
class _WhenNeeded:
    tracking: Tracking
    prefix: str

    def row(self, values: Values) -> None:
        WeightsAndBiases(self.tracking.wandb_run(), self.prefix).row(values)


def in_words(name: str, values: Values) -> str:
    """One row of a curve for the console.

    >>> in_words("sasrec", {"step": 40, "epoch": 2, "loss": 3.14159, "metric": None})
    'sasrec, epoch 2: loss 3.142'
    """
    figures = [
        f"{key} {values[key]:.4g}" for key in ("loss", "metric") if values.get(key) is not None
    ]
    epoch = values.get("epoch")
    head = name if epoch is None else f"{name}, epoch {epoch:.0f}"
    return f"{head}: {', '.join(figures)}" if figures else head


def _plain(name: str) -> str:
    """A name that every system takes as the name of one folder, and MLflow as that of a metric."""
    return re.sub(r"[^\w.\- ]+", "-", name).strip(". ") or "unnamed"
