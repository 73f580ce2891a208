"""DeepFM over the columns of a candidate: a factorisation machine beside hidden layers."""

from __future__ import annotations

from typing import Any, ClassVar

from palate.capabilities import Described
from palate.gradient.engine import Parameters, Tensor, torch_library
from palate.model.neural.fm import machine, new_machine
from palate.model.neural.layers import dropout, linear, new_linear
from palate.model.neural.ranker import NeuralRanker


class DeepFm(NeuralRanker, Described):
    """Candidates ranked by a factorisation machine plus a network of hidden layers on the same
    columns.

    Args:
        settings: See `RankerSettings`.

    Cost: members' scoring, and pairs x columns x layer width.

    Guo et al., DeepFM: a factorization-machine based neural network for CTR prediction, IJCAI 2017.
    """

    does: ClassVar[str] = "as FM, with a neural network beside it."
    purpose: ClassVar[str] = "model.deepfm.v1"

    def new_network(self, n_columns: int, generator: Any) -> Parameters:
        """The machine's and the layers' first values."""
        return new_machine(n_columns, self.settings.factors, generator) | new_hidden(
            n_columns, 4 * self.settings.factors, self.settings.layers, generator
        )

    def network(self, p: Parameters, x: Tensor, generator: Any) -> Tensor:
        """Scores [n] of pairs [n, n_columns]."""
        return machine(p, x) + hidden(p, x, self.settings.layers, self.settings.dropout, generator)


def new_hidden(n_columns: int, width: int, layers: int, generator: Any) -> Parameters:
    """Parameters of `hidden`."""
    parameters: Parameters = {}
    for number in range(layers):
        parameters |= new_linear(
            f"hidden{number}", n_columns if number == 0 else width, width, generator
        )
    return parameters | new_linear("out", width if layers else n_columns, 1, generator)


def hidden(p: Parameters, x: Tensor, layers: int, rate: float, generator: Any) -> Tensor:
    """Output [n] of `layers` hidden layers on `x` [n, n_columns]."""
    for number in range(layers):
        x = dropout(torch_library().relu(linear(p, f"hidden{number}", x)), rate, generator)
    return linear(p, "out", x)[:, 0]
