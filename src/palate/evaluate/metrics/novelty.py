"""Novelty: how little known the recommended items are."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from palate.arrays import Doubles
from palate.evaluate.metrics import counting
from palate.tables import Interactions, Rankings


class Novelty(counting.WithLength):
    """novelty@k = mean over the list of -log2(p), with p = (training users of the item + 1) /
    (training users + 1).

    In bits: an item that all users had gives about 0, one that half of them had gives 1, an unknown
    one log2(n_users + 1). Popularity lists score low. High is not good by itself: random lists
    score highest. Read it beside an accuracy metric.

    Edges: an empty list: NaN; a short list: the mean over the items that there are.

    Zhou et al., Solving the apparent diversity-accuracy dilemma of recommender systems, PNAS 2010.
    """

    name: ClassVar[str] = "novelty"
    Settings = counting.AtK

    def per_case(self, rankings: Rankings, train: Interactions) -> Doubles:
        """float64 [n_cases], bits, 0 or more."""
        users = np.asarray(train.matrix().sum(axis=0), np.float64).ravel()
        n_users = len(np.unique(train.user))
        bits = -np.log2((users + 1) / (n_users + 1))
        items = counting.first(rankings, self.settings.k, self.label)
        shown = items >= 0
        total = np.where(shown, bits[items], 0.0).sum(axis=1)
        length = shown.sum(axis=1)
        return np.asarray(
            np.divide(total, length, out=np.full(len(items), np.nan), where=length > 0)
        )
