"""What would have to change: the smallest set of past items without which the item would not have
been shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from palate.arrays import Doubles, Longs, Rows
from palate.errors import BadInput
from palate.stages import AdditiveScorer
from palate.tables import Histories

_MOST_SETS = 20_000


@dataclass(frozen=True)
class Counterfactual:
    """Past items whose removal takes an item out of the first k.

    Attributes:
        removed: Rows of past items, the one with the largest effect first.
        replaced_by: The item that takes the k-th place then; -1 where no set of past items is
            enough.
        exact: Whether no smaller set does it, by having tried all of them; else the set is small
            but perhaps not smallest.
    """

    removed: tuple[int, ...]
    replaced_by: int
    exact: bool


def counterfactual(
    parts: Doubles, rest: Doubles, past: Rows, item: int, k: int
) -> Counterfactual | None:
    """Find the set greedily, drop what turns out not to be needed, and try all smaller ones where
    that is feasible.

    Args:
        parts: float64 [n_past, n_items], what each past item adds to each candidate's score.
        rest: float64 [n_items], what no past item makes; -inf for items that cannot be shown.
        past: int32 [n_past], rows of the past items.
        item: Column of the item that is shown now.
        k: Length of the list, >= 1.

    Returns:
        The set, or None if the item is not within the first k. The set is empty-handed
        (`replaced_by` -1) where even without any history the item would be shown.

    Cost: n_past x |set| passes over n_items for the greedy part; at most 20,000 sets tried
        afterwards.

    Ghazimatin et al., PRINCE: Provider-side interpretability with counterfactual explanations, WSDM
        2020.
    """
    if k < 1:
        raise BadInput(f"k is {k}", where="k", allowed="1 or more")
    gap = parts[:, [item]] - parts
    lead = float(rest[item]) - np.asarray(rest, np.float64)
    lead[item], gap[:, item] = np.inf, 0.0
    if not _inside(lead + gap.sum(axis=0), k):
        return None
    chosen = _greedy(gap, lead, k)
    if chosen is None:
        return Counterfactual((), -1, _inside(lead, k))
    chosen = _pruned(gap, lead, k, chosen)
    best, exact = _smallest(gap, lead, k, chosen)
    left = lead + gap.sum(axis=0) - gap[list(best)].sum(axis=0)
    winner = int(np.argsort(left, kind="stable")[k - 1])
    return Counterfactual(tuple(int(past[j]) for j in best), winner, exact)


def parts_of(
    scorer: AdditiveScorer, history: Histories, items: Longs | Rows
) -> tuple[Rows, Doubles]:
    """Distinct past items [n_past], and what each adds to the score of each of `items`: float64
    [n_past, n_items].
    """
    past, place = np.unique(history.items.values, return_inverse=True)
    many = history.take(np.zeros(len(items), np.int64))
    values = scorer.contributions(many, np.asarray(items, np.int32)).reshape(len(items), -1)
    sums = np.zeros((len(past), len(items)))
    np.add.at(sums, place, values.T)
    return past.astype(np.int32), sums


def _inside(lead: Doubles, k: int) -> bool:
    """Whether fewer than k items are strictly ahead; `lead` is how far the item is ahead of
    each.
    """
    return int(np.count_nonzero(lead < 0)) < k


def _margin(lead: Doubles, k: int) -> float:
    """How far the item is ahead of the k-th best other item."""
    return float(np.partition(lead, k - 1)[k - 1]) if len(lead) >= k else np.inf


def _greedy(gap: Doubles, lead: Doubles, k: int) -> list[int] | None:
    now = lead + gap.sum(axis=0)
    left, chosen = list(range(len(gap))), []
    while _inside(now, k):
        if not left:
            return None
        margins = [_margin(now - gap[j], k) for j in left]
        best = left[int(np.argmin(margins))]
        left.remove(best)
        chosen.append(best)
        now = now - gap[best]
    return chosen


def _pruned(gap: Doubles, lead: Doubles, k: int, chosen: list[int]) -> list[int]:
    kept = list(chosen)
    for j in chosen[::-1]:
        rest = [i for i in kept if i != j]
        if not _inside(_after(gap, lead, rest), k):
            kept = rest
    return kept


def _smallest(gap: Doubles, lead: Doubles, k: int, chosen: list[int]) -> tuple[list[int], bool]:
    """A smaller set if there is one, by trying all sets of each smaller size as long as they are
    few enough.
    """
    tried = 0
    for size in range(1, len(chosen)):
        tried += comb(len(gap), size)
        if tried > _MOST_SETS:
            return chosen, False
        for some in combinations(range(len(gap)), size):
            if not _inside(_after(gap, lead, list(some)), k):
                return list(some), True
    return chosen, True


def _after(gap: Doubles, lead: Doubles, removed: list[int]) -> Doubles:
    stay = np.ones(len(gap), np.bool_)
    stay[removed] = False
    return np.asarray(lead + gap[stay].sum(axis=0), np.float64)
