"""TALE: the sequential linear model that knows how long ago things were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Gt, Le

from palate.arrays import Doubles, Longs, Rows
from palate.capabilities import Described
from palate.model.cooccurrence import scaled
from palate.model.gram import DenseOnly, check_memory, gram, inverted, times_sparse
from palate.model.history_weights import LATEST_FIRST, HistoryWeights
from palate.model.item_item import IdItemItem
from palate.model.next_steps import Nearness, next_steps
from palate.model.recent_window import DAY
from palate.model.similarity import Similarity, Whole
from palate.tables import Interactions, Training


@dataclass(frozen=True)
class TaleSettings:
    """Ridge, nearness in time, popularity at the time and query."""

    l2: Annotated[float, Gt(0)] = 50.0
    """Ridge; more for sparser data."""
    days: Annotated[float, Gt(0)] = 7.0
    """An event t days before the target counts e^(-t / days) in training; without times, t counts
    steps."""
    floor: Annotated[float, Ge(0), Le(1)] = 0.3
    """Least weight of an event, however long ago."""
    window: Annotated[int, Ge(1)] = 30
    """Events further back in steps are left out of the training rows."""
    popularity_power: Annotated[float, Ge(-1), Le(1)] = -0.1
    """A training row counts by its target's popularity around its time to this power; negative
    favours rare ones."""
    popularity_days: Annotated[float, Gt(0)] = 180.0
    """Days around an event in which popularity is counted; without times, all events count."""
    query: HistoryWeights = LATEST_FIRST
    """How much each event of a history counts."""
    memory_gib: Annotated[float, Gt(0)] = 8.0
    """Largest memory that the dense matrices may take, in GiB."""


class Tale(IdItemItem[TaleSettings], Described, DenseOnly):
    """B that leads from what came before to what came next, near events first, popular times
    toned down.

    B = (S'S + l2 I)^-1 S'T: each row of S holds the events before one event, weighed by max(e^(-t /
    days), floor) and multiplied, like its one target in T, by the target's popularity at the time
    to `popularity_power`. Without times it is SLIST's ordered half; see `model.slist.v1` for the
    unordered half and for a teacher.

    Args:
        settings: See `TaleSettings`.

    Cost: n_items^3 multiplications once, 8 n_items^2 bytes.

    Park et al., Temporal Linear Item-Item Model for Sequential Recommendation, WSDM 2025.
    """

    does: ClassVar[str] = "as EASE, with the time between events taken into account."
    Settings = TaleSettings

    def learn(self, training: Training) -> Similarity:
        """B [n_items, n_items]."""
        s, log = self.settings, training.log
        check_memory(log.n_items, self.matrices, s.memory_gib)
        steps = next_steps(log, s.window, nearness(s.days, s.floor, log.time is not None))
        popularity = popularity_around(
            log, steps.targets, steps.times, int(s.popularity_days * DAY)
        )
        # Source and target of a row take the same factor: the row counts by its square in the loss,
        # and what it says stays as it is.
        weights = np.power(popularity, s.popularity_power)
        S, T = steps.sources, steps.target_matrix(weights)
        S = scaled(S, weights, np.ones(log.n_items))
        G = gram(S)
        G[np.diag_indices_from(G)] += np.float32(s.l2)
        return Whole(times_sparse(inverted(G, "raise l2"), S.T @ T))


def nearness(days: float, floor: float, timed: bool) -> Nearness:
    """max(e^(-t / days), floor) for t in days, or in steps where there are no times."""

    def weight(steps: Longs, seconds: Longs) -> Doubles:
        ago = seconds / DAY if timed else steps.astype(np.float64)
        return np.asarray(np.maximum(np.exp(-ago / days), floor), np.float64)

    return weight


def popularity_around(log: Interactions, items: Rows, times: Longs, width: int) -> Doubles:
    """float64 [n], events of each of `items` [n] at most `width` / 2 seconds from `times` [n]; at
    least 1.

    Without times in the log: all events of the item.
    """
    if log.time is None or not len(log):
        return np.asarray(np.maximum(log.item_counts(), 1)[items], np.float64)
    half, start = width // 2, int(log.time.min())
    span = int(log.time.max()) - start + 1
    # Item and time in one number, so that one sorted array answers for all items.
    events = np.sort(log.item.astype(np.int64) * span + (log.time - start))
    # clipped, or the window would reach into the numbers of the items beside it
    first = items.astype(np.int64) * span + np.clip(times - start - half, 0, span - 1)
    last = items.astype(np.int64) * span + np.clip(times - start + half, 0, span - 1)
    found = np.searchsorted(events, last, side="right") - np.searchsorted(
        events, first, side="left"
    )
    # at least 1, because the power may be negative
    return np.asarray(np.maximum(found, 1), np.float64)
