"""Decayed co-occurrence: which items follow one another closely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge, Le
from numpy.typing import NDArray
from scipy import sparse

from palate.arrays import Doubles, Longs, Rows, Sparse
from palate.capabilities import Costed, Described
from palate.model.counted import LiveRows
from palate.model.counted_item_item import CountedItemItem
from palate.model.history_weights import LATEST_FIRST, HistoryWeights
from palate.model.item_item import sparse_work
from palate.model.pair_sums import Change, PairSums, quantised
from palate.model.sorted_events import EventColumns, first_and_last
from palate.model.strongest import strongest
from palate.tables import Histories, Interactions
from palate.work import LogSize, Work

PAIRS_AT_ONCE = 200_000
"""Pairs that are counted before they are added up."""


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


class Cooccurrence(CountedItemItem[CooccurrenceSettings], Costed, Described):
    """Score = sum over the history of how often, and how closely, the candidate stood by each of
    its items.

    B[i, j] = sum over pairs of 1 / gap^gap_power (times `backward` where j came first), divided by
    (1 + n_i)^source_power (1 + n_j)^target_power. Quick, sparse, hard to beat on short histories of
    purchases; where histories are long and order means little `model.ease.v1` is better. New events
    are counted on exactly, late ones too.

    Args:
        settings: See `CooccurrenceSettings`.

    Cost: n_rows times window, in seconds for a million events; memory for the distinct pairs.
    """

    does: ClassVar[str] = "items that were taken close in time to those of the history."
    Settings = CooccurrenceSettings

    @classmethod
    def work(cls, settings: CooccurrenceSettings, size: LogSize) -> Work:
        """Each event meets those of its window."""
        window = min(settings.window, size.history)
        kept = settings.neighbours or size.events * window / max(size.items, 1)
        return sparse_work(size, size.events * window, kept)

    def matrix(self, log: Interactions) -> Sparse:
        """float32 CSR [n_items, n_items], B."""
        return cooccurrence(log, self.settings)

    def change(self, before: EventColumns, after: EventColumns, n_items: int) -> Change:
        """Closeness of the pairs around the new events, less what they were before."""
        window = self.settings.window
        is_new = after.number > before.number.max(initial=-1)
        # a new event moves apart those on both sides of it, none of them further away than `window`
        first, last = first_and_last(after.user, is_new)
        place = np.arange(len(after))
        near = (place >= first - window) & (place <= last + window)
        old = after.take(near & ~is_new)
        return Change.of_pairs(
            self._closeness(after.take(near), n_items) - self._closeness(old, n_items)
        )

    def live(self, sums: PairSums, counts: Longs) -> LiveRows:
        """B, scaled where it is looked at."""
        return _Scaled(sums, *_powers(counts, self.settings), self.settings.neighbours)

    def depends_on_catalogue(self) -> bool:
        """No."""
        return False

    def _closeness(self, events: EventColumns, n_items: int) -> Sparse:
        s = self.settings
        return closeness(events.user, events.item, n_items, s.window, s.gap_power, s.backward)


@dataclass(frozen=True, eq=False)
class _Scaled(LiveRows):
    sums: PairSums
    left: Doubles
    right: Doubles
    neighbours: int | None

    @property
    def n_items(self) -> int:
        return self.sums.n_items

    def rows(self, items: Rows) -> Sparse:
        B = scaled(self.sums.rows(items), self.left[items], self.right)
        return B if self.neighbours is None else strongest(B, self.neighbours)


def cooccurrence(log: Interactions, s: CooccurrenceSettings) -> Sparse:
    """float32 CSR [n_items, n_items], how closely items stand together, as `Cooccurrence` says."""
    C = pair_counts(log, s.window, s.gap_power, s.backward)
    B = scaled(C, *_powers(log.item_counts(), s))
    return B if s.neighbours is None else strongest(B, s.neighbours)


def pair_counts(log: Interactions, window: int, gap_power: float, backward: float) -> Sparse:
    """float64 CSR [n_items, n_items], weighted count of each ordered pair of different items within
    `window` steps.
    """
    histories = Histories.of(log, np.arange(log.n_users, dtype=np.int32))
    user, item = histories.items.row_of_value(), histories.items.values
    return closeness(user, item, log.n_items, window, gap_power, backward)


def closeness(
    user: Rows, item: Rows, n_items: int, window: int, gap_power: float, backward: float
) -> Sparse:
    """The same for events `user`, `item` [n], each user's together, from old to new."""
    shape = (n_items, n_items)
    # how close the later item stands, and how close the earlier one, as the parts of one complex
    # number: they are added up at the same places
    total: Any = sparse.csr_matrix(shape, dtype=np.float64)
    parts: list[tuple[NDArray[Any], Rows, Rows]] = []
    last = min(window, max(len(item) - 1, 0))
    for gap in range(1, last + 1):
        both = (user[gap:] == user[:-gap]) & (item[gap:] != item[:-gap])
        weight = float(gap) ** -gap_power
        forth, back = quantised([weight, backward * weight])
        value = np.full(np.count_nonzero(both), complex(forth, back))
        parts.append((value, item[:-gap][both], item[gap:][both]))
        # one matrix for many gaps of a few events, one for each gap of a long log
        if gap == last or sum(len(part[0]) for part in parts) > PAIRS_AT_ONCE:
            data, row, column = (np.concatenate(columns) for columns in zip(*parts, strict=True))
            total += sparse.csr_matrix((data, (row, column)), shape=shape)
            parts.clear()
    return sparse.csr_matrix(total.real + total.imag.T)


def scaled(C: Sparse, left: Doubles, right: Doubles) -> Sparse:
    """float32 CSR, `C` [n, m] with its rows times `left` [n] and its columns times `right` [m]."""
    data = C.data * np.repeat(left, np.diff(C.indptr)) * right[C.indices]
    return sparse.csr_matrix((data.astype(np.float32), C.indices, C.indptr), shape=C.shape)


def _powers(counts: Longs, s: CooccurrenceSettings) -> tuple[Doubles, Doubles]:
    n = np.asarray(1 + counts, np.float64)
    return np.power(n, -s.source_power), np.power(n, -s.target_power)
