"""Where the rows of a training curve can go: a file of JSON lines, TensorBoard, MLflow, Weights &
Biases.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from palate.optional import need
from palate.progress import Tracker

Values = Mapping[str, float | None]


class JsonLines:
    """One JSON object a row, appended to a file, so that a curve can be watched while it grows.

    Args:
        path: The file; made if it is not there.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "curve.jsonl"
    >>> JsonLines(path).row({"step": 10, "loss": 0.5, "metric": None})
    >>> print(path.read_text().strip())
    {"step": 10, "loss": 0.5, "metric": null}
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def row(self, values: Values) -> None:
        """Append one line."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(dict(values)) + "\n")


class TensorBoard:
    """Scalars for TensorBoard.

    Args:
        folder: Log folder, as `tensorboard --logdir` takes it.
        prefix: Put before the names of the scalars, e.g. the model's name.
    """

    def __init__(self, folder: Path, prefix: str = "") -> None:
        self.folder, self.prefix = folder, prefix
        self._writer: Any = None

    def row(self, values: Values) -> None:
        """Write every number but the step at that step."""
        if self._writer is None:
            module = need("torch.utils.tensorboard", extra="tracking", purpose="log to TensorBoard")
            self._writer = module.SummaryWriter(str(self.folder))
        for name, value in numbers_of(values).items():
            self._writer.add_scalar(self.prefix + name, value, step_of(values))
        self._writer.flush()

    def close(self) -> None:
        """End the file and the thread that writes it; a row that comes later begins another."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


class MlFlow:
    """Metrics of the MLflow run that is active, or of a new one.

    Args:
        prefix: Put before the names of the metrics, e.g. the model's name.
    """

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix

    def row(self, values: Values) -> None:
        """Log every number but the step at that step."""
        named = {self.prefix + name: value for name, value in numbers_of(values).items()}
        need("mlflow", extra="tracking", purpose="log to MLflow").log_metrics(
            named, step=step_of(values)
        )


class WeightsAndBiases:
    """Rows of a Weights & Biases run.

    Args:
        run: What `wandb.init()` gave.
        prefix: Put before the names, e.g. the model's name.
    """

    def __init__(self, run: Any, prefix: str = "") -> None:
        self.run, self.prefix = run, prefix

    def row(self, values: Values) -> None:
        """Log every number but the step at that step."""
        named = {self.prefix + name: value for name, value in numbers_of(values).items()}
        self.run.log(named, step=step_of(values))


class Several:
    """Passes every row to each of some trackers.

    Args:
        trackers: In the order in which they receive rows.
    """

    def __init__(self, trackers: Sequence[Tracker]) -> None:
        self.trackers = tuple(trackers)

    def row(self, values: Values) -> None:
        """Pass the row to all of them."""
        for tracker in self.trackers:
            tracker.row(values)


def numbers_of(values: Values) -> dict[str, float]:
    """The row without its step and without what is not known."""
    return {
        name: float(value) for name, value in values.items() if name != "step" and value is not None
    }


def step_of(values: Values) -> int:
    """The row's step, 0 where it has none."""
    return int(values.get("step") or 0)
