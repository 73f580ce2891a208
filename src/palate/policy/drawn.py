"""Lists drawn from a policy, with the probability of what is shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from palate.arrays import Doubles, Rows
from palate.errors import BadInput
from palate.stages import Policy
from palate.tables.offers import Offers

_SLACK = 1e-9


@dataclass(frozen=True, eq=False)
class DrawnLists:
    """Lists of candidates.

    Attributes:
        columns: int32 [n, k], of the offers, in the order in which they are shown; -1 behind the
            last where fewer are allowed.
        propensities: float64 [n, k], the probability with which each was drawn, given those above
            it; 0 where there is none.
    """

    columns: Rows
    propensities: Doubles


def drawn_lists(policy: Policy, offers: Offers, k: int, rng: np.random.Generator) -> DrawnLists:
    """Draw lists from the top down, without repeats: each position by the policy among what is
    left, so that the product of propensities down to a position is that of the list down to it.

    Args:
        policy: The policy.
        offers: What there is to choose from. Whatever must not be shown has to be closed here:
            nothing may change a list after the draw, or its propensities are wrong.
        k: Length of the lists, >= 1.
        rng: Draws.

    Raises:
        BadInput: k is below 1, or what the policy gives is no distribution over what is allowed.
    """
    if k < 1:
        raise BadInput(f"k is {k}", where="k", allowed="whole numbers from 1 on")
    n, m = offers.scores.shape
    columns, p = np.full((n, k), -1, np.int32), np.zeros((n, k))
    left = offers
    for position in range(min(k, m)):
        share = checked_shares(policy.probabilities(left, rng), left)
        some = np.flatnonzero(share.any(axis=1))
        chosen = _drawn(share[some], rng)
        columns[some, position], p[some, position] = chosen, share[some, chosen]
        closed = np.zeros((n, m), np.bool_)
        closed[some, chosen] = True
        left = left.without(closed)
    return DrawnLists(columns, p)


def checked_shares(share: Doubles, offers: Offers) -> Doubles:
    """The probabilities, if they are a distribution over what is allowed.

    Raises:
        BadInput: They are not.
    """
    open_ = offers.open
    off = np.abs(share.sum(axis=1) - open_.any(axis=1)) > _SLACK * share.shape[1]
    off |= ~(share >= 0).all(axis=1) | (share[:] * ~open_).any(axis=1)
    if share.shape != open_.shape or off.any():
        row = int(np.argmax(off))
        raise BadInput(
            f"probabilities that add up to {share[row].sum():g}, {share[row][~open_[row]].sum():g}"
            " of it for what is not allowed",
            where=f"policy, round {row}",
            allowed="a distribution over the candidates that are allowed",
        )
    return share


def _drawn(share: Doubles, rng: np.random.Generator) -> Rows:
    """int32 [n], a column of each row, by its probabilities [n, m]."""
    ends = np.cumsum(share, axis=1)
    # below the end of the last column that can be drawn, whatever rounding left
    point = rng.random(len(share)) * ends[:, -1]
    return np.asarray((ends <= point[:, None]).sum(axis=1), np.int32)
