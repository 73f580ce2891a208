"""Attention over blocks: one learnt question, and each block answers with how much it has to
say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from palate.arrays import Floats
from palate.fuse.base import Operator
from palate.fuse.learning import Objective, learn
from palate.fuse.sides import (
    Directions,
    Sides,
    directions_packed,
    directions_unpacked,
    shares,
)
from palate.gradient.engine import (
    Parameters,
    Tensor,
    constant,
    glorot,
    numbers,
    tensor,
    tensors,
    torch_library,
    torch_rng,
)
from palate.gradient.loop import Curve
from palate.part_state import PartState, several
from palate.stages import FitContext
from palate.tables import Training


@dataclass(frozen=True)
class AttentionSettings:
    """Settings of `fuse.attention.v1`."""

    of: tuple[str, ...] = ()
    """Blocks to fuse; empty: all blocks of the recipe that encoders make."""
    inputs: Annotated[int, Ge(1)] = 16
    """Widest directions of each block that make its key."""
    width: Annotated[int, Ge(1)] = 8
    """Columns of keys and of the question."""
    objective: Objective = field(default_factory=Objective)
    """What it learns for."""


class Attention(Operator):
    """The weight of block b for an item is softmax over b of q . tanh(W_b z_b + e_b).

    q is one question for all items, z_b what block b says of the item; unlike `fuse.gated.v1` no
    block sees the others, so there are fewer numbers to learn and a block can be weighed by itself.
    Starts at equal weights (q = 0) and keeps them where nothing better is found on the validation
    cases.

    Args:
        settings: See `AttentionSettings`.

    Attributes:
        curve_: How learning went.

    Cost: some tens of seconds on one core; see `palate.fuse.learning.learn`.

    Yang et al., Hierarchical attention networks for document classification, NAACL 2016.
    """

    Settings = AttentionSettings
    name: ClassVar[str] = "fuse.attention.v1"
    curve_: Curve

    def __init__(self, settings: AttentionSettings | None = None) -> None:
        self.settings = settings or AttentionSettings()

    def learn(self, sides: Sides, training: Training, context: FitContext) -> None:
        """Learn the question and the keys."""
        s = self.settings
        rows = np.unique(training.log.item).astype(np.int32)
        self.directions_ = [
            Directions.of(X, rows[there[rows]], s.inputs, context.seed)
            for X, there in zip(sides.matrices, sides.present.T, strict=True)
        ]
        inputs = self._inputs(sides)
        values = torch_rng(context.seed, "attention")
        parameters: Parameters = {"question": constant((s.width,), 0.0)}
        for place, z in enumerate(inputs):
            parameters[f"map {place}"] = glorot(z.shape[1], s.width, values)
            # not zero: a block that says nothing of an item still has a standing of its own
            parameters[f"bias {place}"] = constant((s.width,), 0.5 * (-1) ** place)
        _, self.curve_ = learn(
            s.objective,
            sides,
            training,
            context,
            parameters,
            lambda items: _logits(parameters, [z[tensor(items)] for z in inputs]),
        )
        self.parameters_ = numbers(parameters)

    def weights(self, sides: Sides) -> Floats:
        """float32 [n_items, n_blocks]."""
        logits = _logits(tensors(self.parameters_), self._inputs(sides))
        return shares(np.asarray(logits.numpy(), np.float32), sides.present)

    def learnt(self) -> Mapping[str, NDArray[Any]]:
        """What the keys are made of, the question, and map and bias of each block."""
        blocks, found = range(len(self.directions_)), self.parameters_
        return {
            **directions_packed(self.directions_),
            "question": found["question"],
            **several("maps", [found[f"map {b}"] for b in blocks], np.float32, 2),
            "biases": np.stack([found[f"bias {b}"] for b in blocks]),
        }

    def restore(self, state: PartState) -> None:
        """Take up directions, question, maps and biases."""
        self.directions_ = directions_unpacked(state, self.widths_)
        n, width = len(self.names_), self.settings.width
        maps = state.arrays("maps", np.float32, 2)
        if [m.shape for m in maps] != [(len(d.variance), width) for d in self.directions_]:
            raise state.damaged("its maps are not those of these blocks")
        biases = state.array("biases", np.float32, n, width)
        self.parameters_ = {"question": state.array("question", np.float32, width)}
        for b in range(n):
            self.parameters_ |= {f"map {b}": maps[b], f"bias {b}": biases[b]}

    def _inputs(self, sides: Sides) -> list[Tensor]:
        return [
            tensor(directions(X, there))
            for directions, X, there in zip(
                self.directions_, sides.matrices, sides.present.T, strict=True
            )
        ]


def _logits(parameters: Parameters, inputs: list[Tensor]) -> Any:
    keys = [
        (z @ parameters[f"map {b}"] + parameters[f"bias {b}"]).tanh() for b, z in enumerate(inputs)
    ]
    return torch_library().stack([key @ parameters["question"] for key in keys], dim=1)
