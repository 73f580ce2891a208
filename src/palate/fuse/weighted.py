"""One weight for each block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from palate.arrays import Doubles, Floats
from palate.errors import BadRecipe
from palate.fuse.base import Operator
from palate.fuse.learning import FusedObjective
from palate.fuse.sides import Sides, shares
from palate.part_state import PartState
from palate.stages import FitContext
from palate.tables import Training


@dataclass(frozen=True)
class WeightedSettings:
    """Settings of `fuse.weighted.v1`."""

    of: tuple[str, ...] = ()
    """Blocks to fuse; empty: all blocks of the recipe that encoders make."""
    weights: tuple[Annotated[float, Ge(0)], ...] = ()
    """Weight of each block, in the order of `of`; empty: chosen on the validation cases."""
    steps: Annotated[int, Ge(2)] = 8
    """How finely the weight of one block against the rest is searched: 0, 1/steps, ... 1."""
    validation_cases: Annotated[int, Ge(1)] = 2048
    """Most validation cases that the search looks at."""


class Weighted(Operator):
    """The blocks side by side, each with one weight for all items: given, or chosen on the
    validation cases.

    The choice goes block by block, in the recipe's order: each is tried against the mix so far, at
    shares from none to all, and the best share for the kernel's NDCG at 10 is kept. Where the right
    weight differs between items use `fuse.gated.v1`. Without validation cases all weights are
    equal.

    Args:
        settings: See `WeightedSettings`.

    Attributes:
        mix_: float64 [n_blocks], the weights; they sum to one.

    Cost: `steps` scorings of the validation cases for each block but the first.
    """

    Settings = WeightedSettings
    name: ClassVar[str] = "fuse.weighted.v1"
    mix_: Doubles

    def __init__(self, settings: WeightedSettings | None = None) -> None:
        self.settings = settings or WeightedSettings()

    def learn(self, sides: Sides, training: Training, context: FitContext) -> None:
        """Take the weights of the settings, or search for them.

        Raises:
            BadRecipe: Another number of weights than of blocks, or none above zero.
        """
        n = len(sides.names)
        given = self.settings.weights
        if given and (len(given) != n or not any(given)):
            raise BadRecipe(
                f"weights = {list(given)}",
                where="weights",
                allowed=f"{n} numbers, not all of them zero",
            )
        if given:
            self.mix_ = np.asarray(given, np.float64) / sum(given)
            return
        score_mix = FusedObjective.of(sides, training, context, self.settings.validation_cases)
        self.mix_ = np.full(n, 1 / n)
        if len(score_mix.cases):
            self.mix_ = np.eye(n)[0]
            for place in range(1, n):
                tried = list(self._mixes(place))
                self.mix_ = tried[int(np.argmax([score_mix(_spread(mix, sides)) for mix in tried]))]

    def weights(self, sides: Sides) -> Floats:
        """float32 [n_items, n_blocks], the mix over the blocks that an item has."""
        return _spread(self.mix_, sides)

    def learnt(self) -> Mapping[str, NDArray[Any]]:
        """The mix."""
        return {"mix": self.mix_}

    def restore(self, state: PartState) -> None:
        """Take up the mix."""
        self.mix_ = state.array("mix", np.float64, len(self.names_))

    def _mixes(self, place: int) -> Iterator[Doubles]:
        for share in np.linspace(0, 1, self.settings.steps + 1):
            yield (1 - share) * self.mix_ + share * np.eye(len(self.mix_))[place]


def _spread(mix: Doubles, sides: Sides) -> Floats:
    """An item that only has blocks of weight zero keeps them: anything is better than nothing."""
    logits = np.log(np.maximum(mix, 1e-6))
    return shares(np.broadcast_to(logits, sides.present.shape), sides.present)
