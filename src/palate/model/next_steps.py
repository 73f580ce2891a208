"""Training rows of the sequential linear models: what came before each event, weighed by
nearness.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from palate.arrays import Doubles, Longs, Rows, Sparse
from palate.tables import Histories, Interactions

Nearness = Callable[[Longs, Longs], Doubles]
"""(steps back >= 1 [n], seconds back [n], 0 where unknown) -> weight [n]."""


@dataclass(frozen=True)
class NextSteps:
    """One row for each event that something came before.

    Attributes:
        sources: float32 CSR [n_rows, n_items], the weights of the items before it.
        targets: int32 [n_rows], the item of the event.
        times: int64 [n_rows], its time; zeros where unknown.
    """

    sources: Sparse
    targets: Rows
    times: Longs

    def target_matrix(self, weights: Doubles) -> Sparse:
        """float32 CSR [n_rows, n_items], `weights` [n_rows] at the target of each row."""
        n_rows, n_items = self.sources.shape
        index = (np.arange(n_rows), self.targets)
        return sparse.csr_matrix((weights.astype(np.float32), index), shape=(n_rows, n_items))


def next_steps(log: Interactions, window: int, nearness: Nearness) -> NextSteps:
    """For each event but a user's first: the up to `window` events before it, each with its weight.

    Cost: n_rows times window.
    """
    histories = Histories.of(log, np.arange(log.n_users, dtype=np.int32))
    user, item = histories.items.row_of_value(), histories.items.values
    time = np.zeros(len(item), np.int64) if histories.times is None else histories.times
    place = np.arange(len(item)) - histories.items.offsets[:-1][user]
    rows, columns, weights = [], [], []
    for gap in range(1, min(window, int(place.max(initial=0))) + 1):
        row = np.flatnonzero(place >= gap)
        rows.append(row)
        columns.append(item[row - gap])
        weights.append(nearness(np.full(len(row), gap), time[row] - time[row - gap]))
    shape = (len(item), log.n_items)
    if not rows:
        return NextSteps(log.matrix()[:0], item[:0], time[:0])
    values = np.concatenate(weights).astype(np.float32)
    S = sparse.csr_matrix((values, (np.concatenate(rows), np.concatenate(columns))), shape=shape)
    kept = place > 0
    return NextSteps(sparse.csr_matrix(S[kept]), item[kept], time[kept])
