"""Factorisation machine over the columns of a candidate."""

from __future__ import annotations

from typing import Any, ClassVar

from palate.capabilities import Described
from palate.gradient.engine import Parameters, Tensor, constant, normal
from palate.model.neural.ranker import NeuralRanker


class FactorisationMachine(NeuralRanker, Described):
    """Candidates ranked by b + sum of w_c x_c + sum over pairs of columns of (v_c . v_e) x_c x_e.

    The plainest ranker that sees how columns act together; with few validation cases the safest of
    the three. See `model.deepfm.v1` for what no pair of columns can say.

    Args:
        settings: See `RankerSettings`; `layers` and `dropout` are not used.

    Cost: members' scoring, and pairs x columns x factors.

    Rendle, Factorization machines, ICDM 2010.
    """

    does: ClassVar[str] = "adds up what features and pairs of features say."
    purpose: ClassVar[str] = "model.fm.v1"

    def new_network(self, n_columns: int, generator: Any) -> Parameters:
        """Weights 0, vectors small."""
        return new_machine(n_columns, self.settings.factors, generator)

    def network(self, p: Parameters, x: Tensor, generator: Any) -> Tensor:
        """Scores [n] of pairs [n, n_columns]."""
        return machine(p, x)


def new_machine(n_columns: int, factors: int, generator: Any) -> Parameters:
    """Parameters of `machine`."""
    return {
        "fm.weights": constant((n_columns,), 0.0),
        "fm.factors": normal((n_columns, factors), 0.01, generator),
    }


def machine(p: Parameters, x: Tensor) -> Tensor:
    """Linear and pairwise terms [n] of `x` [n, n_columns]; pairs of a column with itself left
    out.
    """
    V = p["fm.factors"]
    together = (x @ V).square() - x.square() @ V.square()
    return x @ p["fm.weights"] + 0.5 * together.sum(1)
