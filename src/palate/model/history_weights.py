"""How a history becomes the row of weights that an item-item model multiplies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt
from scipy import sparse

from palate.arrays import Doubles, Mask, Sparse
from palate.tables import Histories


@dataclass(frozen=True)
class HistoryWeights:
    """How much each event of a history counts.

    Cost: linear in the number of events.

    >>> from palate.arrays import Ragged
    >>> histories = Histories.of_items(Ragged.of([[5, 6, 7]]))
    >>> HistoryWeights(last=2, fade=1.0).weights(histories).round(3).tolist()
    [0.0, 0.368, 1.0]
    """

    last: Annotated[int, Ge(1)] | None = None
    """Only the newest so many events count; None: all."""
    fade: Annotated[float, Gt(0)] | None = None
    """An event `a` steps back counts e^(-a / fade); None: all count the same."""
    repeats: Literal["newest", "sum"] = "newest"
    """Events with one and the same item: only the newest counts, or they add up."""

    def weights(self, histories: Histories) -> Doubles:
        """float64 [n_values], 0 for events that do not count."""
        ages = histories.ages()
        weights = np.ones(len(ages)) if self.fade is None else np.exp(-ages / self.fade)
        if self.last is not None:
            weights[ages >= self.last] = 0.0
        if self.repeats == "newest":
            weights[~_newest(histories)] = 0.0
        return weights

    def matrix(self, histories: Histories, n_items: int) -> Sparse:
        """float32 [n_cases, n_items], the weights at the items of each history."""
        W = histories.matrix(n_items, self.weights(histories))
        W.eliminate_zeros()
        return W

    def rows(self, histories: Histories, n_items: int) -> Sparse:
        """`matrix` with the items of each row as the history has them, in a fraction of the time
        for a few histories; an item may stand in a row twice.
        """
        weights, offsets = self.weights(histories), histories.items.offsets
        items, counted = histories.items.values, weights != 0
        if not counted.all():
            offsets = np.append(0, np.cumsum(counted))[offsets]
            items, weights = items[counted], weights[counted]
        shape = (len(histories), n_items)
        return sparse.csr_matrix((weights.astype(np.float32), items, offsets), shape=shape)


ALL_ALIKE = HistoryWeights()
"""Every event of the history, old or new, counts the same."""

LATEST_FIRST = HistoryWeights(last=20, fade=2.0)
"""The last 20 events, each counting e^(1/2) times as much as the one before it."""


def _newest(histories: Histories) -> Mask:
    """bool [n_values], true for the last event of each item in each history."""
    items = histories.items
    key = (
        items.row_of_value().astype(np.int64) * (int(items.values.max(initial=0)) + 1)
        + items.values
    )
    newest = np.zeros(len(key), np.bool_)
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    newest[order[np.append(ordered[1:] != ordered[:-1], True)[: len(key)]]] = True
    return newest
