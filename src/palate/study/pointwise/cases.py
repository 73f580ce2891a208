"""The cases: users, items and times at which the user took the item, or could have taken it and did
not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Doubles, Longs, Mask, Rows
from palate.errors import Refused
from palate.seeding import generator
from palate.study.pointwise.event_index import EventIndex
from palate.tables import Interactions, Purpose

Drawn: TypeAlias = Literal["matched", "popular", "uniform"]
PARTS = ("train", "validation", "test")
AT_ONCE = 500
TRIES = 8


@dataclass(frozen=True, eq=False)
class PointwiseCases:
    """Cases, in order of time.

    Attributes:
        user: int32 [n].
        item: int32 [n].
        time: int64 [n]; what happened at that time or later is not known.
        label: bool [n], whether the user took the item.
        part: int64 [n], 0 for training, 1 for validation, 2 for test.
        cuts: Where validation and test begin (time).
    """

    user: Rows
    item: Rows
    time: Longs
    label: Mask
    part: Longs
    cuts: tuple[int, int]

    def __len__(self) -> int:
        return len(self.label)

    def rows(self, part: Literal["train", "validation"]) -> Longs:
        """int64 [m], the rows of a part that may be learnt from."""
        return np.flatnonzero(self.part == PARTS.index(part)).astype(np.int64)

    def test_rows(self, purpose: Purpose) -> Longs:
        """int64 [m], the rows of the test part, for a purpose as `SealedCases.open` takes one."""
        return np.flatnonzero(self.part == PARTS.index("test")).astype(np.int64)

    def take(self, rows: NDArray[Any]) -> PointwiseCases:
        """The given rows (indices or a mask)."""
        columns = (
            self.user[rows],
            self.item[rows],
            self.time[rows],
            self.label[rows],
            self.part[rows],
        )
        return PointwiseCases(*columns, self.cuts)


def draw_cases(
    log: Interactions,
    shares: tuple[float, float, float],
    most: int,
    negatives: int,
    drawn: Drawn,
    seed: int,
) -> PointwiseCases:
    """Events as a yes, and for each of them some items that were there and not taken as a no.

    The log is cut at three times for all users: what comes before the first is only history. A
    yes is a user's first event with an item. A no is drawn among items that the user had not had by
    then:

    - `"matched"`: of as many events so far as the item that was taken (in steps that double), so
    that popularity alone predicts nothing and a new item competes with new items;
    - `"popular"`: by one more than the events so far;
    - `"uniform"`: evenly.

    An item can be drawn once it exists: its first event is earlier than the end of the part (the
    log does not say when an item was listed, and an item that only ever appears with its first yes
    would give itself away).

    Args:
        log: The whole log; times must be timestamps that users share.
        shares: Shares of the events before training, validation and test.
        most: Most yes of each part, drawn by seed.
        negatives: No for each yes.
        drawn: How they are drawn.
        seed: Seed.

    Raises:
        Refused: There are no timestamps, or a part has no yes.
    """
    if log.time is None or not log.has_timestamps():
        raise Refused(
            "a global split of time needs times that all users share",
            where="interactions.timestamp",
            next_step=(
                "name the column of times, or use a ranking with a split by each user's order"
            ),
        )
    ordered = np.sort(log.time)
    edges = np.array(
        [ordered[min(int(s * len(ordered)), len(ordered) - 1)] for s in shares], np.int64
    )
    ends = np.array([edges[1], edges[2], ordered[-1] + 1])
    part_of_event = np.searchsorted(edges, log.time, side="right") - 1
    had = _Had(log, log.time)
    of_item = EventIndex(log.item, log.time)
    rows, items, labels = [], [], []
    for part, name in enumerate(PARTS):
        yes = np.flatnonzero(had.fresh & (part_of_event == part))
        if not len(yes):
            raise Refused(
                f"no user takes an item for the first time in the {name} part", where="pointwise"
            )
        rng = generator(seed, "pointwise", name)
        yes = rng.permutation(yes)[:most]
        yes = yes[np.argsort(log.time[yes], kind="stable")]
        positives = np.repeat(yes, negatives)
        other = _others(log, positives, had, of_item, int(ends[part]), drawn, rng)
        rows += [yes, positives[other >= 0]]
        items += [log.item[yes], other[other >= 0]]
        labels += [np.ones(len(yes), np.bool_), np.zeros(int((other >= 0).sum()), np.bool_)]
    row, item, label = (
        np.concatenate(rows),
        np.concatenate(items).astype(np.int32),
        np.concatenate(labels),
    )
    order = np.argsort(log.time[row], kind="stable")
    row = row[order]
    cuts = (int(edges[1]), int(edges[2]))
    return PointwiseCases(
        log.user[row], item[order], log.time[row], label[order], part_of_event[row], cuts
    )


class _Had:
    """Since when each user has each item."""

    def __init__(self, log: Interactions, time: Longs) -> None:
        self.n_items = log.n_items
        code = self._code(log.user, log.item)
        order = np.lexsort((time, code))
        first = order[np.concatenate([[True], np.diff(code[order]) > 0])]
        self.codes, self.since = code[first], time[first]
        self.fresh: Mask = np.zeros(len(log), np.bool_)
        self.fresh[first] = True

    def __call__(self, user: NDArray[Any], item: NDArray[Any], time: Longs) -> Mask:
        """bool [n], whether the user had the item by that time, that time included."""
        code = self._code(user, item)
        at = np.minimum(np.searchsorted(self.codes, code), len(self.codes) - 1)
        return np.asarray((self.codes[at] == code) & (self.since[at] <= time), np.bool_)

    def _code(self, user: NDArray[Any], item: NDArray[Any]) -> Longs:
        return np.asarray(user, np.int64) * self.n_items + np.asarray(item, np.int64)


def _others(
    log: Interactions,
    positives: Longs,
    had: _Had,
    of_item: EventIndex,
    end: int,
    drawn: Drawn,
    rng: np.random.Generator,
) -> NDArray[np.int32]:
    """int32 [n], for each event of `positives` (in order of time) an item that was not taken; -1
    where none came up.
    """
    every = np.arange(log.n_items)
    pool = every[of_item.before(every, np.full(log.n_items, end)) > 0]
    out = np.full(len(positives), -1, np.int32)
    for start in range(0, len(positives), AT_ONCE):
        strip = positives[start : start + AT_ONCE]
        time = _times(log, strip)
        counts = of_item.before(every, np.full(log.n_items, time[0]))
        draw = _Pool(counts, pool, drawn)
        user, taken, found = log.user[strip], log.item[strip], np.full(len(strip), -1, np.int32)
        for _ in range(TRIES):
            left = np.flatnonzero(found < 0)
            item = draw(taken[left], rng)
            free = ~had(user[left], item, time[left])
            found[left[free]] = item[free]
        out[start : start + AT_ONCE] = found
    return out


def _times(log: Interactions, rows: Longs) -> Longs:
    """int64 [n], times of the events `rows` [n] of a log that has times."""
    return np.asarray(log.time, np.int64)[rows]


class _Pool:
    """Items of one strip of time, to draw from."""

    def __init__(self, counts: Longs, pool: Longs, drawn: Drawn) -> None:
        self.pool, self.drawn = pool, drawn
        self.band = band_of(counts)
        self.order = pool[np.argsort(self.band[pool], kind="stable")]
        self.edges = np.searchsorted(
            self.band[self.order], np.arange(int(self.band.max(initial=0)) + 2)
        )
        self.weights: Doubles = np.cumsum(counts[pool] + 1.0)

    def __call__(self, taken: NDArray[Any], rng: np.random.Generator) -> Longs:
        u = rng.random(len(taken))
        if self.drawn == "uniform":
            return np.asarray(self.pool[(u * len(self.pool)).astype(np.int64)], np.int64)
        if self.drawn == "popular":
            return np.asarray(
                self.pool[np.searchsorted(self.weights, u * self.weights[-1], side="right")],
                np.int64,
            )
        band = self.band[taken]
        low, high = self.edges[band], self.edges[band + 1]
        return np.asarray(self.order[low + (u * (high - low)).astype(np.int64)], np.int64)


def band_of(counts: Longs) -> Longs:
    """int64, 0 for no event, then 1, 2-3, 4-7, 8-15 ...: numbers of events in steps that double.

    >>> band_of(np.array([0, 1, 2, 3, 4, 7, 8])).tolist()
    [0, 1, 2, 2, 3, 3, 4]
    """
    return np.asarray(np.ceil(np.log2(np.asarray(counts, np.float64) + 1)), np.int64)
