"""The best list within limits, as an integer program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from palate.arrays import Doubles, Longs, Rows
from palate.policy.slates.limits import Limits

if TYPE_CHECKING:
    from scipy.optimize import LinearConstraint

_INFEASIBLE: Final = 2
"""Status of scipy.optimize.milp: no list keeps all limits."""


@dataclass(frozen=True, eq=False)
class Solved:
    """What the solver found.

    Attributes:
        order: int32 [m], the best list that is known; None: none is.
        bound: No list within the limits has a higher value.
        impossible: It is proven that no list keeps the limits.
    """

    order: Rows | None
    bound: float
    impossible: bool = False


def solved(gain: Doubles, discount: Doubles, limits: Limits, seconds: float) -> Solved:
    """The list of the highest sum of gain * discount.

    Args:
        gain: float64 [n], of each candidate, >= 0.
        discount: float64 [m], of each position, falling.
        limits: What the list keeps.
        seconds: Time for it.
    """
    from scipy.optimize import Bounds, milp

    if limits.least.max(initial=0) > limits.length or (limits.most < limits.least).any():
        return Solved(None, 0.0, impossible=True)
    some = undominated(gain, limits)
    n, m = len(some), limits.length
    low, high = np.zeros((n, m)), np.ones((n, m))
    pins = limits.pins[some]
    for candidate in np.flatnonzero(pins >= 0):
        low[candidate, pins[candidate]] = 1
    found = milp(
        -np.outer(gain[some], discount).ravel(),
        integrality=np.ones(n * m, np.int64),
        bounds=Bounds(low.ravel(), high.ravel()),
        constraints=_constraints(limits, some),
        options={"time_limit": seconds, "mip_rel_gap": 0.0},
    )
    if found.status == _INFEASIBLE:
        return Solved(None, 0.0, impossible=True)
    bound = found.get("mip_dual_bound")
    highest = np.inf if bound is None or not np.isfinite(bound) else -float(bound)
    if found.x is None:
        return Solved(None, highest)
    chosen = np.argmax(found.x.reshape(n, m), axis=0)
    return Solved(some[chosen].astype(np.int32), highest)


def undominated(gain: Doubles, limits: Limits) -> Longs:
    """int64 [n'], candidates of which the best list can be made: of those with the same values, one
    for each position, the best; and all that are pinned.
    """
    _, kind = np.unique(limits.member, axis=0, return_inverse=True)
    order = np.argsort(-gain, kind="stable")
    count: dict[int, int] = {}
    kept = []
    for candidate in order.tolist():
        of_kind = count.get(kind[candidate], 0)
        if of_kind < limits.length or limits.pins[candidate] >= 0:
            kept.append(candidate)
        count[kind[candidate]] = of_kind + (limits.pins[candidate] < 0)
    return np.array(kept, np.int64)


def _constraints(limits: Limits, some: Longs) -> list[LinearConstraint]:
    """One candidate at each position, none twice, and the limits, over x [n', m] as one row."""
    from scipy import sparse
    from scipy.optimize import LinearConstraint

    n, m = len(some), limits.length
    positions, each = sparse.identity(m, format="csr"), np.ones((1, m))
    rows: list[tuple[Any, Any, Any]] = [
        (sparse.kron(np.ones((1, n)), positions), 1, 1),
        (sparse.kron(sparse.identity(n), each), 0, 1),
    ]
    member = sparse.csr_matrix(limits.member[some].T.astype(np.float64))
    if member.shape[0]:
        rows.append((sparse.kron(member, each), limits.least, limits.most))
        for window in limits.windows():
            inside = np.zeros((1, m))
            inside[0, window] = 1
            rows.append((sparse.kron(member, inside), 0, 1))
    return [LinearConstraint(matrix.tocsr(), low, high) for matrix, low, high in rows]
