"""Deep & cross network, version 2, over the columns of a candidate."""

from __future__ import annotations

from typing import Any, ClassVar

from palate.capabilities import Described
from palate.gradient.engine import Parameters, Tensor, glorot
from palate.model.neural.deepfm import hidden, new_hidden
from palate.model.neural.layers import linear, new_linear
from palate.model.neural.ranker import NeuralRanker


class DeepCross(NeuralRanker, Described):
    """Candidates ranked by cross layers x -> x0 * (W x + b) + x beside hidden layers on the same
    columns.

    Each cross layer multiplies once more by the columns themselves, so `layers` of them see
    products of up to layers + 1 columns.

    Args:
        settings: See `RankerSettings`.

    Cost: members' scoring, and pairs x columns x (columns + layer width) x layers.

    Wang et al., DCN V2: improved deep & cross network, WWW 2021.
    """

    does: ClassVar[str] = "a neural network that multiplies features with each other."
    purpose: ClassVar[str] = "model.dcn.v1"

    def new_network(self, n_columns: int, generator: Any) -> Parameters:
        """The cross layers' and the hidden layers' first values."""
        parameters = new_hidden(
            n_columns, 4 * self.settings.factors, self.settings.layers, generator
        )
        for number in range(self.settings.layers):
            parameters |= new_linear(f"cross{number}", n_columns, n_columns, generator)
        return parameters | {"crossed": glorot(n_columns, 1, generator)}

    def network(self, p: Parameters, x: Tensor, generator: Any) -> Tensor:
        """Scores [n] of pairs [n, n_columns]."""
        crossed = x
        for number in range(self.settings.layers):
            crossed = x * linear(p, f"cross{number}", crossed) + crossed
        deep = hidden(p, x, self.settings.layers, self.settings.dropout, generator)
        return (crossed @ p["crossed"])[:, 0] + deep
