"""Evenness: how evenly the lists share out what is shown over the catalogue."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy.stats import rankdata

from palate.arrays import Doubles
from palate.evaluate.metrics import counting
from palate.tables import Interactions, Rankings


class Evenness(counting.WithLength):
    """evenness@k = 1 - Gini coefficient of how often each item of the catalogue is in a list.

    1 / n_items where all lists are of one item, 1 where every item is shown as often as any other.
    It belongs to all cases together. For one case `per_case` gives its share, so that the mean over
    cases is the evenness: with the items ranked from the one shown least to the one shown most
    (tied ones share the mean of their ranks r from 1 to n), each item of a list is credited
    (2 n + 1 - 2 r) / n. High is not good by itself: random lists are even. Coverage only asks
    whether an item is shown at all.

    Edges: an empty list gives its case NaN; a short one counts by its length; items that no one may
    be recommended still count as never shown.

    Gini, Variabilita e mutabilita, 1912; of recommendations: Fleder & Hosanagar, Blockbuster
    culture's next rise or fall, Management Science 2009.
    """

    name: ClassVar[str] = "evenness"
    Settings = counting.AtK

    def per_case(self, rankings: Rankings, train: Interactions) -> Doubles:
        """float64 [n_cases], above 0; the mean is the evenness. Only the vocabulary of `train` is
        used.
        """
        items, n = counting.first(rankings, self.settings.k, self.label), train.n_items
        shown = items >= 0
        rank = rankdata(np.bincount(items[shown], minlength=n))
        credit = np.where(shown, (2 * n + 1 - 2 * rank[items]) / max(n, 1), 0.0).sum(axis=1)
        length = shown.sum(axis=1)
        mean = length[length > 0].mean() if shown.any() else 1.0
        return np.where(length > 0, credit / mean, np.nan)
