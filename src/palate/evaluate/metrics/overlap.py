"""Overlap: how much the lists of different people have in common."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from palate.arrays import Doubles
from palate.evaluate.metrics import counting
from palate.tables import Interactions, Rankings


class Overlap(counting.WithLength):
    """overlap@k = items that the lists of two people have in common, over k, in the mean over all
    pairs of people.

    0 where no item is on two lists, 1 where all get the same items in whatever order. The lower,
    the more lists are people's own; low is not good by itself: random lists share next to nothing.

    Edges: an empty list gives its case NaN; a single list has nothing in common with others: 0; a
    short list counts by what it has.
    """

    name: ClassVar[str] = "overlap"
    Settings = counting.AtK

    def per_case(self, rankings: Rankings, train: Interactions) -> Doubles:
        """float64 [n_cases], 0 to 1: with the lists of all others. Only the vocabulary of `train`
        is used.
        """
        items = counting.first(rankings, self.settings.k, self.label)
        shown = items >= 0
        times = np.bincount(items[shown], minlength=train.n_items)
        # an item of a list is on so many others
        others = np.where(shown, times[items] - 1, 0).sum(axis=1)
        listed = shown.any(axis=1)
        pairs = max(int(listed.sum()) - 1, 1) * self.settings.k
        return np.where(listed, others / pairs, np.nan)
