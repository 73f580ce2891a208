"""Inverse-propensity weights of training events: what was hardly seen counts more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Le
from scipy import sparse

from palate.arrays import Doubles, Sparse
from palate.errors import BadInput, BadRecipe
from palate.tables import Interactions


@dataclass(frozen=True)
class InversePropensity:
    """How events are weighed in training; lists to recommend from are scored as before.

    The loss of the weighed events is, on average, that of a log in which everything was looked at
    alike, where the propensities are right (Joachims, Swaminathan & Schnabel, WSDM 2017; by
    popularity: Yang et al., RecSys 2018).
    """

    by: Literal["position", "propensity", "popularity"] = "position"
    """How likely an event was to be possible: by where the item stood, by the log's own
    `propensity`, or by how often the item occurs."""
    examination: tuple[Annotated[float, Gt(0), Le(1)], ...] = ()
    """Probability that position 1, 2, ... is looked at, for "position"; further ones have the last.
    `palate.evaluate.causal.positions.examination` estimates it."""
    power: Annotated[float, Ge(0), Le(1)] = 0.5
    """For "popularity": the propensity of an item of n events is n to this power."""
    most: Annotated[float, Ge(1)] = 10.0
    """Weights above so many times the mean are cut: a rare event must not decide alone."""

    def weights(self, log: Interactions) -> Doubles:
        """float64 [n_rows], mean 1; events whose propensity is not known have weight 1 before that.

        Raises:
            BadInput: The log has no positions, or no propensities, where they are needed.
            BadRecipe: No examination was given for "position".
        """
        weights = 1 / self._propensity(log)
        if not len(weights):
            return weights
        weights = np.minimum(weights, self.most * weights.mean())
        return np.asarray(weights / weights.mean())

    def matrix(self, log: Interactions) -> Sparse:
        """float32 [n_users, n_items], mean weight of the events of each pair."""
        where, shape = (log.user, log.item), (log.n_users, log.n_items)
        weights, ones = self.weights(log), np.ones(len(log))
        X = sparse.csr_matrix((weights, where), shape=shape)
        # duplicates were added up in both, in the same order of cells
        X.data /= sparse.csr_matrix((ones, where), shape=shape).data
        return sparse.csr_matrix(X, dtype=np.float32)

    def _propensity(self, log: Interactions) -> Doubles:
        if self.by == "popularity":
            return np.asarray(log.item_counts()[log.item].astype(np.float64) ** self.power)
        if self.by == "propensity":
            if log.propensity is None:
                raise _missing("propensities", "a column propensity")
            known = log.propensity.astype(np.float64)
            return np.where(np.isnan(known), 1.0, known)
        if not self.examination:
            raise BadRecipe(
                "no probabilities of being looked at",
                where="debias.examination",
                allowed="a number above 0, to 1, for each position",
                next_step="estimate them: palate.evaluate.causal.positions.examination",
            )
        if log.position is None:
            raise _missing("positions", "a column list_position")
        seen = np.array([1.0, *self.examination])
        return np.asarray(seen[np.minimum(log.position, len(self.examination))])


def _missing(what: str, column: str) -> BadInput:
    return BadInput(
        f"the log has no {what}",
        where="debias",
        allowed=column,
        next_step='log them, or weigh by = "popularity"',
    )
