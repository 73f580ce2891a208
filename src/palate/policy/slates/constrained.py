"""The best list that keeps limits: of each value of a field at least and at most so many, some
candidates at given positions, and a distance between those that share a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, final

import numpy as np
from annotated_types import Ge, Gt

from palate.arrays import Doubles, Rows
from palate.errors import Refused
from palate.policy.slates.greedy import GreedySlate
from palate.policy.slates.greedy_limits import greedy_within
from palate.policy.slates.limits import Limits
from palate.policy.slates.program import solved
from palate.policy.slates.relevance import length, relevance
from palate.tables.slate import SlateCandidates


@dataclass(frozen=True)
class ConstrainedSettings:
    """The limits. A candidate with several values counts for each of them."""

    minimum: Mapping[str, int] = field(default_factory=dict)
    """Value of the field -> how many of the list have it at least."""
    maximum: Mapping[str, int] = field(default_factory=dict)
    """Value of the field -> how many of the list have it at most."""
    each: Annotated[int, Ge(1)] | None = None
    """How many of the list have any one value at most; left out: no such limit."""
    spacing: Annotated[int, Ge(0)] = 0
    """How many others stand at least between two that share a value."""
    seconds: Annotated[float, Gt(0)] = 1.0
    """Time for proving that a list is the best one."""


@dataclass(frozen=True, eq=False)
class SolvedSlate:
    """A list, and how good it is.

    Attributes:
        order: int32 [m], candidates, in the order in which they are shown.
        value: Sum of relevance / log2(position + 1), with positions from 1 on.
        bound: No list within the limits has a higher value; equal to `value` for the best list.
    """

    order: Rows
    value: float
    bound: float

    @property
    def gap(self) -> float:
        """How far the list may be from the best one, as a share of the bound; 0: it is the best."""
        return max(0.0, 1 - self.value / self.bound) if self.bound > 0 else 0.0


@final
class Constrained:
    """The list of the highest discounted relevance, sum of relevance / log2(position + 1), among
    those within the limits, by integer programming.

    Where the best candidates are within the limits already nothing is solved. Of candidates with
    the same values only the best k can be in the best list, so the others are left out and the
    answer stays exact. Where time runs out the list is the best one that is known by then; `solve`
    says how far it may be from the best. Relevance is the score on a line from 1 to 0.

    Args:
        settings: See `ConstrainedSettings`.

    Cost: a solver, from some ms to `seconds`, by the limits; spacing costs most.

    Solved by HiGHS: Huangfu & Hall, Parallelizing the dual revised simplex method, Mathematical
    Programming Computation 2018.

    >>> three = SlateCandidates(
    ...     np.array([9, 8, 1], np.float32), shares=np.array([[1, 0], [1, 0], [0, 1]], np.float32),
    ...     values=("old", "new"),
    ... )
    >>> Constrained(ConstrainedSettings(minimum={"new": 1})).order(three, 2).tolist()
    [0, 2]
    """

    Settings = ConstrainedSettings

    def __init__(self, settings: ConstrainedSettings | None = None) -> None:
        self.settings = settings or ConstrainedSettings()

    def order(self, candidates: SlateCandidates, k: int) -> Rows:
        """int32 [min(k, n)], in the order in which they are shown.

        Raises:
            BadInput: A limit needs a field, and none is known.
            Refused: No list keeps all limits.
        """
        return self.solve(candidates, k).order

    def solve(self, candidates: SlateCandidates, k: int) -> SolvedSlate:
        """The list, and how good it is. Raises as `order` does."""
        m, s = length(candidates, k), self.settings
        limits = Limits.of(candidates, m, s.minimum, s.maximum, s.each, s.spacing)
        gain, discount = relevance(candidates), 1 / np.log2(np.arange(2, m + 2))
        best = GreedySlate().order(candidates, k)
        highest = float(gain[best] @ discount)
        if limits.kept(best):
            return SolvedSlate(best, highest, highest)
        found = solved(gain, discount, limits, s.seconds)
        order, bound = found.order, min(found.bound, highest)
        if order is None and not found.impossible:
            order = greedy_within(gain, limits)
        if order is None:
            raise _impossible(m, found.impossible)
        return SolvedSlate(order, _value(order, gain, discount), bound)


def _value(order: Rows, gain: Doubles, discount: Doubles) -> float:
    return float(gain[order] @ discount[: len(order)])


def _impossible(m: int, proven: bool) -> Refused:
    what = "keeps all limits" if proven else "that keeps all limits was found in time"
    return Refused(
        f"no list of {m} candidates {what}",
        where="slate",
        allowed="limits that the candidates can keep",
        next_step="lower a minimum, raise a maximum, ask for less spacing or more candidates"
        if proven
        else "give it more seconds",
    )
