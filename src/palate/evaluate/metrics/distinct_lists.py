"""Distinct lists: whether people get lists of their own."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from palate.arrays import Doubles
from palate.evaluate.metrics import counting
from palate.tables import Interactions, Rankings


class DistinctLists(counting.WithLength):
    """distinct_lists@k = (different lists) / (lists).

    1 where no two people get the same items in the same order, 1 / n where all of n do: what
    generators end with that have collapsed, and popularity begins with. It belongs to all cases
    together. For one case `per_case` gives its share, so that the mean over cases is the metric: 1
    / (cases with the same list).

    Edges: an empty list gives its case NaN; a short one is a list of its own. High is not good by
    itself: random lists are all different.
    """

    name: ClassVar[str] = "distinct_lists"
    Settings = counting.AtK

    def per_case(self, rankings: Rankings, train: Interactions) -> Doubles:
        """float64 [n_cases], above 0, at most 1. `train` is not used."""
        items = counting.first(rankings, self.settings.k, self.label)
        if not len(items):
            return np.empty(0)
        _, which, times = np.unique(items, axis=0, return_inverse=True, return_counts=True)
        return np.where((items >= 0).any(axis=1), 1 / times[which.ravel()], np.nan)
