"""Coverage: how much of the catalogue is recommended at all."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from palate.arrays import Doubles
from palate.evaluate.metrics import counting
from palate.tables import Interactions, Rankings


class Coverage(counting.WithLength):
    """coverage@k = (distinct items in all lists) / (items of the catalogue).

    It belongs to all cases together. For one case `per_case` gives its share, so that the mean over
    cases is the coverage: each of its items is credited 1 / (cases that were recommended it), times
    n_cases / n_items. An interval over users says how uneven those shares are, not how coverage
    would change with other users, since coverage grows with their number.

    Edges: an empty list gives its case NaN, and the others' shares are of the cases that have a
    list; more than the kept length of the lists cannot be looked at; items that no one may be
    recommended still count below the line.
    """

    name: ClassVar[str] = "coverage"
    Settings = counting.AtK

    def per_case(self, rankings: Rankings, train: Interactions) -> Doubles:
        """float64 [n_cases], 0 or more; the mean is the coverage. Only the vocabulary of `train` is
        used.
        """
        items = counting.first(rankings, self.settings.k, self.label)
        shown = items >= 0
        times = np.bincount(items[shown], minlength=train.n_items)
        credit = np.zeros(items.shape)
        credit[shown] = 1 / times[items[shown]]
        listed = shown.any(axis=1)
        return np.where(listed, credit.sum(axis=1) * listed.sum() / train.n_items, np.nan)
