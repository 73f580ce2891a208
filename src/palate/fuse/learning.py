"""Weights of blocks learnt from which items people had together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt

from palate.arrays import Floats, Longs, Rows, Sparse
from palate.fuse.sides import Sides, shares
from palate.gradient.engine import Parameters, Tensor, constant, numbers, tensor, torch_library
from palate.gradient.infonce import infonce_of_kernel, negatives_of, unique_of
from palate.gradient.loop import Curve, Schedule, train
from palate.gradient.pairs import cooccurring
from palate.gradient.validation import ndcg_of, some_cases
from palate.stages import FitContext
from palate.tables import Cases, Histories, Training

Logits = Callable[[Longs], Tensor]
"""Items [m] -> float32 [m, n_blocks], before the softmax over the blocks that an item has."""


@dataclass(frozen=True, eq=False)
class FusedObjective:
    """How good weights of blocks are: NDCG at 10 of the fused kernel alone on validation cases.

    Attributes:
        cases: Validation cases.
        score: What `Sides.scorer` gives.
        fade: Steps after which an event of the history counts 1/e.
    """

    cases: Cases
    score: Callable[[Sparse, Floats], Floats]
    fade: float = 2.0

    @classmethod
    def of(cls, sides: Sides, training: Training, context: FitContext, most: int) -> FusedObjective:
        """An objective of the fusion of `sides` over no more than `most` cases."""
        return cls(some_cases(training.validation, most, context.seed), sides.scorer())

    def __call__(self, weights: Floats) -> float:
        """Mean NDCG at 10 for weights [n_items, n_blocks]; NaN without cases."""

        def score(histories: Histories) -> Floats:
            events = histories.matrix(len(weights), np.exp(-histories.ages() / self.fade))
            return self.score(events, weights)

        return ndcg_of(score, self.cases)


@dataclass(frozen=True)
class Objective:
    """What weights are learnt for, and how long."""

    window: Annotated[int, Ge(1)] = 10
    """Two events of a user make a pair when at most so many steps lie between them."""
    power: Annotated[float, Ge(0)] = 0.5
    """A pair's share is divided by (deg_a deg_b)^power: at 0 popular items make up most pairs."""
    tau: Annotated[float, Gt(0)] = 0.1
    """Temperature: the smaller, the more the nearest negatives count."""
    pairs: Annotated[int, Ge(1)] = 20_000
    """Pairs drawn for each epoch."""
    validation_cases: Annotated[int, Ge(1)] = 2048
    """Most validation cases that early stopping looks at."""
    schedule: Schedule = field(
        default_factory=lambda: Schedule(epochs=15, batch=512, rate=0.02, patience=3)
    )
    """How long and how fast it learns."""


class Weighing:
    """Learns the parameters behind some logits, as `palate.gradient.loop.train` wants it.

    Partners of a pair (items that the same user had within a few steps) shall be more alike in the
    fused block than negatives; similarity is the sum over the blocks of their cosines times the
    root of both weights. Starts at whatever the parameters are, and stays there if nothing better
    is found on the validation cases.

    Args:
        objective: What is learnt for.
        sides: The blocks.
        training: The training part.
        context: Its seed, and its tracker.
        parameters: Changed in place.
        logits: From the parameters to a logit for each item and block.
    """

    def __init__(
        self,
        objective: Objective,
        sides: Sides,
        training: Training,
        context: FitContext,
        parameters: Parameters,
        logits: Logits,
    ) -> None:
        self.objective, self.sides, self.logits, self.parameters = (
            objective,
            sides,
            logits,
            parameters,
        )
        usable = np.flatnonzero(sides.present.any(axis=1)).astype(np.int32)
        self.pairs = cooccurring(training.log, usable, objective.window, objective.power)
        self.score_mix = FusedObjective.of(sides, training, context, objective.validation_cases)
        self.own = np.arange(len(sides), dtype=np.int32)

    def batches(self, rng: np.random.Generator) -> Iterator[tuple[Rows, Rows]]:
        """Pairs of the epoch, in batches."""
        left, right = self.pairs.draw(self.objective.pairs, rng)
        size = self.objective.schedule.batch
        for start in range(0, len(left), size):
            yield left[start : start + size], right[start : start + size]

    def loss(self, batch: tuple[Rows, Rows]) -> Tensor:
        """InfoNCE inside the batch."""
        items, positions = unique_of(*batch)
        roots = self._shares(items.astype(np.int64)).clamp_min(1e-12).sqrt()
        kernel = (
            tensor(self.sides.kernels(items)) * roots.T[:, :, None] * roots.T[:, None, :]
        ).sum(0)
        return infonce_of_kernel(
            kernel, *positions, negatives_of(items, self.own), self.objective.tau
        )

    def metric(self) -> float:
        """NDCG at 10 of the fused kernel on the validation cases."""
        return self.score_mix(self.weights())

    def weights(self) -> Floats:
        """float32 [n_items, n_blocks], as the parameters stand."""
        with torch_library().no_grad():
            logits = self.logits(np.arange(len(self.sides), dtype=np.int64)).numpy()
        return shares(logits, self.sides.present)

    def _shares(self, items: Longs) -> Tensor:
        present = tensor(self.sides.present[items])
        return (
            torch_library().softmax(self.logits(items).masked_fill(~present, -1e9), dim=1) * present
        )


def learn(
    objective: Objective,
    sides: Sides,
    training: Training,
    context: FitContext,
    parameters: Parameters,
    logits: Logits,
) -> tuple[Floats, Curve]:
    """Train, and give the weights of all items, float32 [n_items, n_blocks], and the curve.

    Cost: each batch the cosines of its items in each block; each evaluation one scoring of the
        validation cases.
    """
    learner = Weighing(objective, sides, training, context, parameters, logits)
    curve = train(learner, objective.schedule, context.seed, context.tracker, from_start=True)
    return learner.weights(), curve


def learn_map(
    objective: Objective, sides: Sides, training: Training, context: FitContext, inputs: Floats
) -> tuple[Floats, Floats, Curve]:
    """Learn logits that are linear in what is known of each item.

    Args:
        objective: What is learnt for.
        sides: The blocks.
        training: The training part.
        context: Its seed, and its tracker.
        inputs: float32 [n_items, m].

    Returns:
        The map, float32 [m, n_blocks], the constants, float32 [n_blocks], and the curve.
    """
    z, n = tensor(inputs), len(sides.names)
    parameters = {"map": constant((inputs.shape[1], n), 0.0), "bias": constant((n,), 0.0)}
    _, curve = learn(
        objective,
        sides,
        training,
        context,
        parameters,
        lambda items: z[tensor(items)] @ parameters["map"] + parameters["bias"],
    )
    learnt = numbers(parameters)
    return learnt["map"], learnt["bias"], curve
