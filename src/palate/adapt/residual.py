"""Residual map: frozen vectors, and one matrix learnt so that items had together come closer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from annotated_types import Ge, Gt

from palate import config
from palate.arrays import Floats, Rows, dense, l2_normalised
from palate.errors import BadInput
from palate.gradient.engine import Parameters, Tensor, constant, tensor, torch_library
from palate.gradient.infonce import infonce, negatives_of, unique_of
from palate.gradient.kernel_objective import KernelObjective
from palate.gradient.loop import Curve, Schedule, train
from palate.gradient.pairs import Pairs, cooccurring
from palate.part_state import PartState, fitted, state_of
from palate.stages import FitContext
from palate.store import Artefact
from palate.tables import Block, Training


@dataclass(frozen=True)
class ResidualSettings:
    """Settings of `adapt.residual.v1`."""

    window: Annotated[int, Ge(1)] = 10
    """Two events of a user make a pair when at most so many steps lie between them."""
    power: Annotated[float, Ge(0)] = 0.5
    """A pair's share is divided by (deg_a deg_b)^power: at 0 popular items make up most pairs."""
    tau: Annotated[float, Gt(0)] = 0.05
    """Temperature: the smaller, the more the nearest negatives count."""
    pairs: Annotated[int, Ge(1)] = 100_000
    """Pairs drawn for each epoch."""
    skip_known: bool = False
    """Leave items that were ever had together out of each other's negatives."""
    validation_cases: Annotated[int, Ge(1)] = 4096
    """Most validation cases that early stopping looks at."""
    schedule: Schedule = field(default_factory=lambda: Schedule(epochs=12, batch=1024, patience=3))
    """How long and how fast it learns."""


class Residual:
    """x -> x + x A, scaled to length 1; A [d, d] is learnt by InfoNCE on items that the same users
    had.

    Seconds where tuning the language model takes an hour, and items without behaviour gain from it
    too, because A is the same for all. Starts at A = 0, and stays there if nothing better is found
    on the validation cases.

    Args:
        settings: See `ResidualSettings`.

    Cost: an epoch of p pairs takes about 12 p d^2 + 6 p batch d multiplications; memory d^2 and one
        batch.
    """

    Settings = ResidualSettings
    name: ClassVar[str] = "adapt.residual.v1"
    map_: Floats
    curve_: Curve

    def __init__(self, settings: ResidualSettings | None = None) -> None:
        self.settings = settings or ResidualSettings()

    def fit(self, block: Block, training: Training, context: FitContext = FitContext()) -> Self:
        """Learn A.

        Raises:
            Refused: No pair of present items in the training part.
            BadInput: The block holds NaN or infinite numbers.
        """
        learner = _Learner(
            self.settings,
            _unit(block),
            np.flatnonzero(block.present).astype(np.int32),
            training,
            context,
        )
        self.curve_ = train(
            learner, self.settings.schedule, context.seed, context.tracker, from_start=True
        )
        self.map_ = np.array(learner.parameters["map"].detach().numpy(), np.float32)
        return self

    def transform(self, block: Block) -> Block:
        """float32 [n, d], rows of length 1 (absent items zero)."""
        A: Floats = fitted(self, "map_")
        if block.width != len(A):
            raise BadInput(
                f"the block has {block.width} columns",
                where=self.name,
                allowed=f"{len(A)}, as the block that it was fitted on",
            )
        X = _unit(block)
        moved = np.asarray(l2_normalised(X + X @ A), np.float32)
        learnt = hashlib.sha256(A.tobytes()).hexdigest()
        step = {"part": self.name, **config.resolved(self.settings), "weights": learnt}
        origin = replace(block.origin, steps=(*block.origin.steps, step))
        return replace(block, matrix=moved, origin=origin, columns=())

    def state(self) -> Artefact:
        """A, float32 [d, d].

        Raises:
            Refused: The adapter has not been fitted.
        """
        return state_of(self, {"map": fitted(self, "map_")})

    def load(self, state: Artefact) -> Self:
        """Take up A, instead of `fit`.

        Raises:
            BadInput: It is the state of another part or other settings, or is not whole.
        """
        kept = PartState.of(self, state)
        A = kept.array("map", np.float32, None, None)
        self.map_ = kept.array("map", np.float32, len(A), len(A))
        return self


class _Learner:
    def __init__(
        self,
        settings: ResidualSettings,
        X: Floats,
        present: Rows,
        training: Training,
        context: FitContext,
    ) -> None:
        self.settings = settings
        self.X = tensor(X)
        self.pairs: Pairs = cooccurring(training.log, present, settings.window, settings.power)
        # Equal vectors come of equal texts; such an item is no negative.
        self.group = np.unique(X, axis=0, return_inverse=True)[1].ravel().astype(np.int32)
        self.objective = KernelObjective.of(
            training.validation, settings.validation_cases, context.seed
        )
        self.parameters: Parameters = {"map": constant((X.shape[1], X.shape[1]), 0.0)}

    def batches(self, rng: np.random.Generator) -> Iterator[tuple[Rows, Rows]]:
        left, right = self.pairs.draw(self.settings.pairs, rng)
        size = self.settings.schedule.batch
        for start in range(0, len(left), size):
            yield left[start : start + size], right[start : start + size]

    def loss(self, batch: tuple[Rows, Rows]) -> Tensor:
        items, positions = unique_of(*batch)
        negatives = negatives_of(
            items, self.group, self.pairs.known if self.settings.skip_known else None
        )
        vectors = self._moved(self.X[tensor(items.astype(np.int64))])
        return infonce(vectors, *positions, negatives, self.settings.tau)

    def metric(self) -> float:
        return self.objective(np.asarray(self._moved(self.X).numpy(), np.float32))

    def _moved(self, X: Tensor) -> Any:
        return torch_library().nn.functional.normalize(X + X @ self.parameters["map"], dim=1)


def _unit(block: Block) -> Floats:
    return np.asarray(l2_normalised(dense(block.finite())), np.float32)
