"""The events of each user (or item) in a row, and the place of each event in that row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Longs, offsets_of


@dataclass(frozen=True)
class Positions:
    """Where each event of a log stands among the events of its group.

    Attributes:
        place: int64 [n_rows], 0 for the first event of the group in the wanted order.
        size: int64 [n_rows], how many events that group has.
    """

    place: Longs
    size: Longs

    def from_end(self) -> Longs:
        """int64 [n_rows], 1 for the last event of the group, 2 for the one before it."""
        return self.size - self.place


def positions_in(group: NDArray[Any], order: Longs, n_groups: int) -> Positions:
    """Number the events of each group.

    Args:
        group: int [n_rows], the group of each event, below `n_groups`.
        order: int64 [n_rows], a permutation of the rows: which comes first.
        n_groups: How many groups there are.
    """
    sizes = np.bincount(group, minlength=n_groups).astype(np.int64)
    # A stable sort by group of rows that are in order already leaves them in order inside the
    # group.
    sorted_rows = order[np.argsort(group[order], kind="stable")]
    place = np.empty(len(group), np.int64)
    place[sorted_rows] = np.arange(len(group)) - np.repeat(offsets_of(sizes)[:-1], sizes)
    return Positions(place, sizes[group])


def counts(sizes: Longs, ratios: tuple[float, ...], rest: str) -> Longs:
    """int64 [n_groups, n_parts], how many of each group's events go to each part.

    Args:
        sizes: int64 [n_groups], events of each group.
        ratios: Shares of the parts, the training part first; they need not sum to one.
        rest: `"train"`: the other parts are rounded down, and one whose share is below one event
            gets one, the last part first, while training keeps at least one (what RecBole does).
            `"test"`: the running total is rounded down, so the last part gets what is left (what
            recommenders does).

    >>> counts(np.array([3, 10, 65]), (0.8, 0.1, 0.1), "train").tolist()
    [[1, 1, 1], [8, 1, 1], [53, 6, 6]]
    >>> counts(np.array([1, 5]), (0.75, 0.0, 0.25), "test").tolist()
    [[0, 0, 1], [3, 0, 2]]
    """
    shares = np.asarray(ratios, np.float64) / sum(ratios)
    exact = sizes[:, None] * shares
    # Products such as 100 * 0.29 fall just below the whole number that is meant.
    if rest == "test":
        cuts = np.floor(np.cumsum(exact, axis=1) + 1e-9).astype(np.int64)
        cuts[:, -1] = sizes
        return np.diff(cuts, axis=1, prepend=0)
    out = np.floor(exact + 1e-9).astype(np.int64)
    out[:, 0] = sizes - out[:, 1:].sum(axis=1)
    for part in range(len(ratios) - 1, 0, -1):
        short = (exact[:, part] > 0) & (out[:, part] == 0) & (out[:, 0] > 1)
        out[short, part] = 1
        out[short, 0] -= 1
    return out
