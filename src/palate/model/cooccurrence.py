"""Decayed co-occurrence: which items follow one another closely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Le
from scipy import sparse

from palate.arrays import Doubles, Sparse
from palate.capabilities import Costed
from palate.model.history_weights import LATEST_FIRST, HistoryWeights
from palate.model.item_item import IdItemItem, sparse_work
from palate.model.similarity import Similarity, Thin, strongest
from palate.tables import Histories, Interactions, Training
from palate.work import LogSize, Work


@dataclass(frozen=True)
class CooccurrenceSettings:
    """Window, direction, popularity and query."""

    window: Annotated[int, Ge(1)] = 10
    """Two events of a user count together when at most so many steps lie between them."""
    gap_power: Annotated[float, Ge(0)] = 1.0
    """A pair `g` steps apart counts 1 / g^gap_power."""
    backward: Annotated[float, Ge(0)] = 0.7
    """Weight of the pairs later -> earlier beside those earlier -> later."""
    source_power: Annotated[float, Ge(0), Le(1)] = 0.5
    """Divides by the popularity of the history's item to this power."""
    target_power: Annotated[float, Ge(0), Le(1)] = 0.3
    """Divides by the popularity of the candidate to this power: 0 favours popular items, 1 rare
    ones."""
    neighbours: Annotated[int, Ge(1)] | None = None
    """Keep only the so many strongest candidates of each item; None: all."""
    query: HistoryWeights = LATEST_FIRST
    """How much each event of a history counts."""


class Cooccurrence(IdItemItem[CooccurrenceSettings], Costed):
    """Score = sum over the history of how often, and how closely, the candidate stood by each of
    its items.

    B[i, j] = sum over pairs of 1 / gap^gap_power (times `backward` where j came first), divided by
    (1 + n_i)^source_power (1 + n_j)^target_power. Quick, sparse, hard to beat on short histories of
    purchases; where histories are long and order means little `model.ease.v1` is better.

    Args:
        settings: See `CooccurrenceSettings`.

    Cost: n_rows times window, in seconds for a million events; memory for the distinct pairs.
    """

    Settings = CooccurrenceSettings

    @classmethod
    def work(cls, settings: CooccurrenceSettings, size: LogSize) -> Work:
        """Each event meets those of its window."""
        window = min(settings.window, size.history)
        kept = settings.neighbours or size.events * window / max(size.items, 1)
        return sparse_work(size, size.events * window, kept)

    def learn(self, training: Training) -> Similarity:
        """B [n_items, n_items], sparse."""
        return Thin(cooccurrence(training.log, self.settings))


def cooccurrence(log: Interactions, s: CooccurrenceSettings) -> Sparse:
    """float32 CSR [n_items, n_items], how closely items stand together, as `Cooccurrence` says."""
    C = pair_counts(log, s.window, s.gap_power, s.backward)
    counts = np.asarray(1 + log.item_counts(), np.float64)
    B = scaled(C, np.power(counts, -s.source_power), np.power(counts, -s.target_power))
    return B if s.neighbours is None else strongest(B, s.neighbours)


def pair_counts(log: Interactions, window: int, gap_power: float, backward: float) -> Sparse:
    """float64 CSR [n_items, n_items], weighted count of each ordered pair of different items within
    `window` steps.
    """
    histories = Histories.of(log, np.arange(log.n_users, dtype=np.int32))
    user, item = histories.items.row_of_value(), histories.items.values
    total: Any = sparse.csr_matrix((log.n_items, log.n_items), dtype=np.float64)
    for gap in range(1, min(window, max(len(item) - 1, 0)) + 1):
        both = (user[gap:] == user[:-gap]) & (item[gap:] != item[:-gap])
        earlier, later = item[:-gap][both], item[gap:][both]
        weight = np.full(len(earlier), float(gap) ** -gap_power)
        total += sparse.csr_matrix((weight, (earlier, later)), shape=total.shape)
    return sparse.csr_matrix(total + backward * total.T)


def scaled(C: Sparse, left: Doubles, right: Doubles) -> Sparse:
    """float32 CSR, `C` [n, m] with its rows times `left` [n] and its columns times `right` [m]."""
    return sparse.csr_matrix(sparse.diags(left) @ C @ sparse.diags(right), dtype=np.float32)
