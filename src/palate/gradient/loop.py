"""The one training loop: seeded, stopped early by a validation metric, within a time budget, with
its curve kept.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol

import numpy as np
from annotated_types import Ge, Gt

from palate.errors import Refused
from palate.gradient.engine import Parameters, Tensor, torch_library
from palate.progress import Tracker
from palate.seeding import generator


@dataclass(frozen=True)
class Schedule:
    """How long and how fast a neural model learns."""

    epochs: Annotated[int, Ge(1)] = 200
    """Most passes over the training data."""
    batch: Annotated[int, Ge(1)] = 128
    """Examples (sequences, pairs or users) of one step."""
    rate: Annotated[float, Gt(0)] = 1e-3
    """Learning rate of Adam."""
    decay: Annotated[float, Ge(0)] = 0.0
    """Decoupled weight decay (an L2 pull towards zero at every step)."""
    patience: Annotated[int, Ge(1)] = 10
    """Stop after so many evaluations without a better validation metric."""
    evaluate_every: Annotated[int, Ge(1)] = 1
    """Epochs between two evaluations."""
    max_seconds: Annotated[float, Gt(0)] | None = None
    """Stop after so many seconds, wherever training stands; None: no limit. With a limit, the
    result depends on the machine's speed."""


class Learner(Protocol):
    """What the loop trains."""

    @property
    def parameters(self) -> Parameters:
        """The tensors that are trained, changed in place."""
        ...

    def batches(self, rng: np.random.Generator) -> Iterator[Any]:
        """The batches of one epoch, in an order that `rng` draws."""
        ...

    def loss(self, batch: Any) -> Tensor:
        """Mean loss of one batch, a scalar that gradients flow from."""
        ...

    def metric(self) -> float:
        """The validation metric as the parameters stand, higher is better; NaN if there is nothing
        to measure on.
        """
        ...


@dataclass(frozen=True)
class Curve:
    """How training went.

    Attributes:
        rows: One for each evaluation: step, epoch, seconds, loss (mean since the row before),
            metric.
        best: Number of the row whose parameters were kept; the last one where nothing could be
            measured.
        stopped: Why training ended: `"epochs"`, `"patience"` or `"seconds"`.
    """

    rows: tuple[Mapping[str, float | None], ...] = ()
    best: int = 0
    stopped: str = ""

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Curve:
        """What `facts` gave, as a curve again."""
        return cls(tuple(facts["rows"]), facts["best"], facts["stopped"])

    def facts(self) -> dict[str, Any]:
        """The curve as plain values."""
        return {
            "rows": [dict(row) for row in self.rows],
            "best": self.best,
            "stopped": self.stopped,
        }


@dataclass
class _Run:
    """What changes while the loop runs."""

    tracker: Tracker | None
    start: float = field(default_factory=time.perf_counter)
    step: int = 0
    losses: list[float] = field(default_factory=list)
    rows: list[dict[str, float | None]] = field(default_factory=list)
    best: int = 0
    kept: dict[str, Tensor] = field(default_factory=dict)

    def seconds(self) -> float:
        return time.perf_counter() - self.start

    def measure(self, learner: Learner, epoch: int) -> None:
        """Evaluate, keep the parameters if they are the best so far, and pass the row to the
        tracker.
        """
        torch = torch_library()
        with torch.no_grad():
            metric = learner.metric()
        loss = float(np.mean(self.losses)) if self.losses else None
        self.losses = []
        known = None if math.isnan(metric) else metric
        self.rows.append(
            {
                "step": self.step,
                "epoch": epoch,
                "seconds": self.seconds(),
                "loss": loss,
                "metric": known,
            }
        )
        top = self.rows[self.best]["metric"]
        if known is None or top is None or known > top or len(self.rows) == 1:
            self.best = len(self.rows) - 1
            self.kept = {name: value.detach().clone() for name, value in learner.parameters.items()}
        if self.tracker is not None:
            self.tracker.row(self.rows[-1])


def train(
    learner: Learner,
    schedule: Schedule,
    seed: int,
    tracker: Tracker | None = None,
    *,
    from_start: bool = False,
) -> Curve:
    """Train by Adam until the epochs, the patience or the seconds run out; the best parameters
    stay.

    Without validation cases the metric is NaN, nothing stops training early, and the last
    parameters stay.

    Args:
        learner: What is trained, in place.
        schedule: Epochs, rate, patience, budget.
        seed: Seed of the order of batches.
        tracker: Receives every row of the curve as it comes.
        from_start: Evaluate before the first step too (epoch 0), so that training which never helps
            changes nothing.

    Raises:
        Refused: The loss became NaN or infinite.

    Cost: the learner's, and one copy of the parameters.

    Loshchilov & Hutter, Decoupled weight decay regularization, ICLR 2019.
    """
    optimiser = torch_library().optim.AdamW(
        list(learner.parameters.values()), lr=schedule.rate, weight_decay=schedule.decay
    )
    run = _Run(tracker)
    stopped = "epochs"
    if from_start:
        run.measure(learner, 0)
    for epoch in range(1, schedule.epochs + 1):
        in_time = _epoch(learner, optimiser, run, schedule, generator(seed, "batches", epoch))
        if not in_time or epoch == schedule.epochs or epoch % schedule.evaluate_every == 0:
            run.measure(learner, epoch)
        if not in_time:
            stopped = "seconds"
            break
        if (
            run.rows
            and run.rows[-1]["metric"] is not None
            and len(run.rows) - 1 - run.best >= schedule.patience
        ):
            stopped = "patience"
            break
    with torch_library().no_grad():
        for name, value in run.kept.items():
            learner.parameters[name].copy_(value)
    return Curve(tuple(run.rows), run.best, stopped)


def _epoch(
    learner: Learner, optimiser: Any, run: _Run, schedule: Schedule, rng: np.random.Generator
) -> bool:
    """One pass; false where the time ran out before or at its end."""
    limit = math.inf if schedule.max_seconds is None else schedule.max_seconds
    for batch in learner.batches(rng):
        optimiser.zero_grad(set_to_none=True)
        loss = learner.loss(batch)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise Refused(
                f"training diverged: the loss is {value} after {run.step} steps",
                next_step=(
                    "lower the learning rate (schedule.rate), or look for infinite feature values"
                ),
            )
        loss.backward()
        optimiser.step()
        run.step += 1
        run.losses.append(value)
        if run.seconds() >= limit:
            return False
    return True
