"""A fitted model and the questions that can be put to it about its inputs: arrays in, numbers
out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Doubles, Mask, Rows
from palate.errors import BadInput
from palate.tables.estimate import Estimate

Blocks: TypeAlias = Mapping[str, Doubles]
"""Name -> float64 [n_units, d]."""


class Predictor(Protocol):
    """A fitted model as a function of its blocks."""

    def __call__(self, blocks: Blocks, /) -> NDArray[Any]:
        """One number a row [n_units], or scores [n_cases, n_items]: whatever the question reads."""
        ...


class Learner(Protocol):
    """Fits the model again on the training rows, with some of the blocks only."""

    def __call__(self, names: tuple[str, ...], /) -> Predictor:
        """A predictor that reads just the named blocks; none: whatever can be said without any."""
        ...


class Question(Protocol):
    """A metric over held-out observations."""

    @property
    def metric(self) -> str:
        """e.g. `ndcg@10`; a loss has its name, and its gains are negative."""
        ...

    @property
    def cluster(self) -> Rows:
        """int32 [n_observations], the user of each."""
        ...

    @property
    def row_wise(self) -> bool:
        """Whether an observation is one row of the blocks, in the same order."""
        ...

    @property
    def label(self) -> Doubles:
        """float64 [n_units], what is to be predicted for each unit; empty where units have no label
        of their own.
        """
        ...

    def gains(self, predictions: NDArray[Any]) -> Doubles:
        """float64 [n_observations], higher is better; their mean is the metric (or minus the
        loss).
        """
        ...


@runtime_checkable
class Additive(Protocol):
    """A predictor whose (raw) prediction is a sum over the blocks and a constant."""

    def __call__(self, blocks: Blocks, /) -> NDArray[Any]:
        """The predictions."""
        ...

    def contributions(self, blocks: Blocks) -> Mapping[str, Doubles]:
        """Name -> float64 [n_units], what each block adds to the raw prediction of each unit."""
        ...


@dataclass(frozen=True, eq=False)
class ImportanceProblem:
    """What an explainer is given: model, held-out inputs, metric.

    Attributes:
        blocks: The held-out inputs, name -> float64 [n_units, d]; a unit is a row of a table, or an
            item.
        predict: The fitted model.
        question: The metric, over the same held-out data.
        reference: Training inputs [n_other_units, d] of the same blocks: what is normal; empty: the
            held-out ones.
        request: int32 [n_units], units of one request compete and exchange values only among
            themselves; None: all.
        entity: Block -> int32 [n_units], whose values a unit repeats; they move from entity to
            entity.
        present: Block -> bool [n_units], units that have the content; the others keep what they
            have.
        learner: Fits the model again without some blocks; None where that cannot be done.
        baseline: float64 [n_observations], gains of a model that needs none of the blocks
            (popularity, the mean).
        seconds: Block -> seconds to make it.
        bytes: Block -> bytes it takes.
        wanted: The blocks that are examined; empty: all.
    """

    blocks: Blocks
    predict: Predictor
    question: Question
    reference: Blocks = field(default_factory=dict)
    request: Rows | None = None
    entity: Mapping[str, Rows] = field(default_factory=dict)
    present: Mapping[str, Mask] = field(default_factory=dict)
    learner: Learner | None = None
    baseline: Doubles | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    bytes: Mapping[str, int] = field(default_factory=dict)
    wanted: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        lengths = {name: len(X) for name, X in self.blocks.items()}
        if len(set(lengths.values())) > 1:
            raise BadInput(f"blocks of different lengths: {lengths}", where="problem.blocks")
        missing = [name for name in self.blocks if self.reference and name not in self.reference]
        if missing:
            raise BadInput(f"no reference for {', '.join(missing)}", where="problem.reference")

    @property
    def names(self) -> tuple[str, ...]:
        """The blocks that are examined."""
        return self.wanted or tuple(self.blocks)

    @property
    def n_units(self) -> int:
        """Rows of every block."""
        return len(next(iter(self.blocks.values()))) if self.blocks else 0

    def normal(self) -> Blocks:
        """What the conditional law is learnt from: the reference, else the held-out inputs."""
        return self.reference or self.blocks

    def gains(self, blocks: Blocks) -> Doubles:
        """float64 [n_observations], the question's gains for the predictions from these blocks."""
        return np.asarray(self.question.gains(self.predict(blocks)), np.float64)


@dataclass(frozen=True)
class ImportanceEstimate:
    """One number about one block, with everything needed to read it.

    Attributes:
        block: The block, field or column.
        method: e.g. `"conditional permutation"`.
        question: What the number answers, in one sentence.
        metric: e.g. `"ndcg@10"`.
        found: What the metric gains by the block (of a loss: by how much it would rise), with its
            interval over users.
        seconds: Wall time of finding out.
    """

    block: str
    method: str
    question: str
    metric: str
    found: Estimate
    seconds: float

    @property
    def value(self) -> float:
        """What the metric gains by the block."""
        return self.found.value

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return self.found.low

    @property
    def high(self) -> float:
        """Upper end."""
        return self.found.high

    @property
    def p(self) -> float:
        """Two-sided p value of the value being zero, not corrected; NaN where there is none."""
        return self.found.p
