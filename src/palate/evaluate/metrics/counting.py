"""What several metrics count: targets within the first k, and the settings of a metric with a
length.
"""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, final

import numpy as np
from annotated_types import Ge

from palate.arrays import Doubles, Rows
from palate.errors import BadInput
from palate.ranks import mean_over_ties
from palate.tables import Rankings, TargetRanks


@dataclass(frozen=True)
class AtK:
    """Settings of a metric of the first k items."""

    k: Annotated[int, Ge(1)] = 10
    """Length of the list."""


@dataclass(frozen=True)
class AtKOrAll:
    """Settings of a metric of the first k items, or of the whole ranking."""

    k: Annotated[int, Ge(1)] | None = 10
    """Length of the list; None: the whole ranking."""


class WithLength(ABC):
    """Base of metrics of the first k items: they differ in their name and in what they count.

    Attributes:
        name: What recipes call it, before `@k`.
    """

    name: ClassVar[str]
    Settings: ClassVar[type[Any]]

    def __init__(self, settings: Any = None) -> None:
        self.settings = settings if settings is not None else self.Settings()

    @final
    @property
    def label(self) -> str:
        """`name@k`, or the name alone for the whole ranking."""
        k = self.settings.k
        return self.name if k is None else f"{self.name}@{k}"


def hits(ranks: TargetRanks, k: int) -> Doubles:
    """float64 [n_cases], targets within the first k; never more than k, also when many targets tie
    at rank k.
    """
    inside = np.bincount(ranks.case[ranks.position <= k], minlength=ranks.n_cases)
    return np.minimum(inside, k).astype(np.float64)


def expected_hits(ranks: TargetRanks, k: int) -> Doubles:
    """float64 [n_cases], targets within the first k, on average over all orders of tied items."""
    inside = mean_over_ties(ranks, np.ones(k))
    expected = np.bincount(ranks.case, weights=inside, minlength=ranks.n_cases)
    # a sum of shares may pass what is possible in the last bits
    return np.asarray(np.minimum(expected, np.minimum(ranks.n_targets(), k)), np.float64)


def wanted(ranks: TargetRanks) -> Doubles:
    """float64 [n_cases], how many targets each case has; NaN instead of none."""
    n = ranks.n_targets().astype(np.float64)
    n[n == 0] = np.nan
    return n


def longest(ranks: TargetRanks, k: int | None) -> int:
    """k, or the length of the longest ranking where k is None."""
    return int(ranks.n_candidates.max(initial=1)) if k is None else k


def first(rankings: Rankings, k: int, label: str) -> Rows:
    """int32 [n_cases, k], the first k items of the lists.

    Raises:
        BadInput: The lists were kept shorter than k.
    """
    kept = rankings.items.shape[1]
    if k > kept:
        raise BadInput(
            f"{label} needs lists of {k} items, and {kept} were kept",
            where=label,
            next_step=f"rank with k = {k} or more",
        )
    return rankings.items[:, :k]
