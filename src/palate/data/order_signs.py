"""Signs that a log is not in the order of its events; each is a phrase, or empty where there is
none.

A sign compares what is there with what the same events would show in a random order. Items that
were numbered as they appeared ascend by nature, so ids are judged only where both events are of
items that were there before.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from palate.arrays import Doubles, Floats, Longs, Mask, Rows
from palate.seeding import generator

GROUPED: Final = "its rows are grouped by item"

_LEAST_PAIRS: Final = 12
_NEARLY_ALL: Final = 0.95
_SHUFFLES: Final = 8
_LEAST_GAPS: Final = 300
_LEAST_REPEATS: Final = 1000


@dataclass(frozen=True)
class Sequences:
    """The events of some whole users.

    Attributes:
        user: int [n].
        item: int [n].
        value: float [n], or None.
        rank: int64 [n], what orders the events; None: the order of the file.
        action: int [n], or None.
        row: int64 [n], the rows of the file, ascending.
    """

    user: Rows
    item: Rows
    value: Floats | None
    rank: Longs | None
    action: Rows | None
    row: Longs

    @cached_property
    def order(self) -> Longs:
        """int64 [n], users together, each in the order that is judged."""
        rank = np.zeros(len(self.user), np.int64) if self.rank is None else self.rank
        return np.lexsort((self.row, rank, self.user))

    @cached_property
    def pairs(self) -> tuple[Longs, Longs]:
        """Neighbouring events of one user: the earlier and the later ones, each [n_pairs]."""
        return _neighbours(self.order, self.user)

    def shuffled(self, number: int) -> Longs:
        """int64 [n], users together, each in a random order."""
        keys = generator(0, "order of a log", str(number)).random(len(self.user))
        return np.lexsort((keys, self.user))


def tied_share(user: NDArray[np.integer], time: Longs) -> float:
    """Share of a user's neighbouring events that have the same time; 0 where there are none."""
    order = np.lexsort((time, user))
    same = user[order][1:] == user[order][:-1]
    if not same.any():
        return 0.0
    tied = time[order][1:] == time[order][:-1]
    return float(tied[same].mean())


def sorted_by_value(seen: Sequences) -> str:
    """Whether every user's values only rise, or only fall, from event to event of one action."""
    if seen.value is None:
        return ""
    group = np.asarray(seen.user, np.int64)
    if seen.action is not None:
        group = group * (1 + int(seen.action.max(initial=0)) + 1) + seen.action + 1
    order = seen.order[np.argsort(group[seen.order], kind="stable")]
    before, after = _neighbours(order, group)
    steps = seen.value[after] - seen.value[before]
    steps = steps[steps != 0]
    if len(steps) < _LEAST_PAIRS:
        return ""
    rising = float((steps > 0).mean())
    if max(rising, 1 - rising) < _NEARLY_ALL:
        return ""
    way = "ascend" if rising > 0.5 else "descend"
    return f"within users the values {way}, so the log is sorted by value"


def one_order_for_all(seen: Sequences, ids: tuple[str, ...]) -> str:
    """Whether one order of the items agrees with what every user did.

    Such an order exists where no items follow one another in a circle: not from a to b with one
    user and from b to a, over however many items, with others. Real sequences, and those of a
    random order, are full of circles as soon as items come again.
    """
    before, after = seen.pairs
    if len(before) < _LEAST_PAIRS:
        return ""
    if _in_circles(seen.item, before, after) > 0.02:
        return ""
    at_random = np.mean(
        [_in_circles(seen.item, *_neighbours(seen.shuffled(i), seen.user)) for i in range(3)]
    )
    if at_random < 0.5:
        return ""
    rank = rank_of_ids(ids)
    up = float((rank[seen.item[after]] >= rank[seen.item[before]]).mean())
    if max(up, 1 - up) >= 0.999:
        return f"within users the item ids {'ascend' if up > 0.5 else 'descend'}"
    if seen.rank is None and grouped_by_item(seen.user, seen.item):
        return GROUPED
    return "the items stand in one and the same order with every user"


def grouped_by_item(user: Rows, item: Rows) -> str:
    """Whether an item that comes again in the file nearly always does so in the very next row, with
    another user.
    """
    again = np.ones(len(item), np.bool_)
    last = np.zeros(int(item.max(initial=0)) + 1, np.int64)
    last[item] = np.arange(len(item))  # of equal places the last one stays
    again[last[item] == np.arange(len(item))] = False
    examined = again[:-1] & (user[1:] != user[:-1])
    if int(examined.sum()) < 3 * _LEAST_PAIRS or not examined.any():
        return ""
    shares = np.bincount(item) / len(item)
    if float((shares**2).sum()) > 0.5:
        return ""
    next_row = item[1:] == item[:-1]
    return GROUPED if float(next_row[examined].mean()) >= _NEARLY_ALL else ""


def ascending_ids(seen: Sequences, ids: tuple[str, ...]) -> str:
    """Whether the ids ascend or descend from event to event, even among items that had been there
    before.
    """
    before, after = seen.pairs
    first = np.zeros(len(seen.item), np.bool_)
    first[np.unique(seen.item, return_index=True)[1]] = True
    rank = rank_of_ids(ids)
    steps = rank[seen.item[after]] - rank[seen.item[before]]
    steps = steps[~first[before] & ~first[after] & (steps != 0)]
    if len(steps) < _LEAST_PAIRS:
        return ""
    up = float((steps > 0).mean())
    if max(up, 1 - up) < _NEARLY_ALL:
        return ""
    return f"within users the item ids {'ascend' if up > 0.5 else 'descend'}"


def shuffled(seen: Sequences, n_rows: int) -> str:
    """Whether users and items come again in the file at such distances as in a shuffled one.

    What people do comes in sittings, and what they do it with comes and goes.
    """
    if _distances(seen.user, seen.row, n_rows) and _distances(seen.item, seen.row, n_rows):
        found = _patterns(seen)
        if max(abs(found.repeats), abs(found.drift)) < 4:
            return "users and items come again as in a shuffled file"
    return ""


def without_pattern(seen: Sequences) -> str:
    """Whether what follows what, and what comes early or late, is as it would be by chance, in a
    log large enough to tell.
    """
    found = _patterns(seen)
    if found.power < _LEAST_REPEATS or max(abs(found.repeats), abs(found.drift)) >= 3:
        return ""
    return "what a user did before and after is as it would be by chance"


def rank_of_ids(ids: tuple[str, ...]) -> Longs:
    """int64 [n_items], the place of each id among all: by number where all are numbers, else by
    letter.
    """
    keys: NDArray[np.generic]
    try:
        keys = np.array([int(name) for name in ids], np.int64)
    except (ValueError, OverflowError):
        keys = np.array(ids, np.str_)
    rank = np.empty(len(ids), np.int64)
    rank[np.argsort(keys, kind="stable")] = np.arange(len(ids))
    return rank


@dataclass(frozen=True)
class _Patterns:
    # z values against random orders, and how many repeats of pairs these have
    repeats: float
    drift: float
    power: float


def _patterns(seen: Sequences) -> _Patterns:
    observed = _order_statistics(seen, seen.order)
    random = np.array([_order_statistics(seen, seen.shuffled(i)) for i in range(_SHUFFLES)])
    mean, spread = random.mean(axis=0), random.std(axis=0, ddof=1)
    # few shuffles know their spread badly: never less than that of counts
    n_items = len(np.unique(seen.item))
    least = np.array([np.sqrt(mean[0]), mean[1] * np.sqrt(2 / n_items)])
    spread = np.maximum(spread, least) + 1e-12
    z = (observed - mean) / spread
    return _Patterns(float(z[0]), float(z[1]), float(mean[0]))


def _order_statistics(seen: Sequences, order: Longs) -> Doubles:
    """float64 [2]: pairs of equal steps from item to item, and how far items are from the middle
    of their users' sequences.
    """
    before, after = _neighbours(order, seen.user)
    steps = np.asarray(seen.item[before], np.int64) * (int(seen.item.max()) + 1) + seen.item[after]
    counts = np.unique(steps, return_counts=True)[1].astype(np.float64)
    user, item = seen.user[order], seen.item[order]
    starts = np.flatnonzero(np.concatenate([[True], user[1:] != user[:-1]]))
    size = np.diff(np.concatenate([starts, [len(user)]]))
    place = (np.arange(len(user)) - np.repeat(starts, size) + 0.5) / np.repeat(size, size) - 0.5
    total = np.bincount(item, weights=place)
    events = np.maximum(np.bincount(item), 1)
    return np.array([(counts * (counts - 1)).sum() / 2, (total**2 / events).sum()])


def _neighbours(order: Longs, group: NDArray[np.integer]) -> tuple[Longs, Longs]:
    same = group[order][1:] == group[order][:-1]
    return order[:-1][same], order[1:][same]


def _in_circles(item: Rows, before: Longs, after: Longs) -> float:
    """Share of the steps from item to item that lie on a circle of steps; steps to the same item
    are left out.
    """
    source, target = item[before], item[after]
    other = source != target
    source, target = source[other], target[other]
    if not len(source):
        return 1.0
    n = int(item.max()) + 1
    graph = sparse.coo_matrix((np.ones(len(source)), (source, target)), shape=(n, n))
    part = connected_components(graph.tocsr(), directed=True, connection="strong")[1]
    return float((part[source] == part[target]).mean())


def _distances(group: NDArray[np.integer], row: Longs, n_rows: int) -> bool:
    """Whether members of a group lie apart in the file as in a shuffled one."""
    order = np.lexsort((row, group))
    same: Mask = group[order][1:] == group[order][:-1]
    if int(same.sum()) < _LEAST_GAPS:
        return False
    observed = np.log(np.diff(row[order])[same])
    anywhere = np.sort(
        generator(0, "order of a log", "rows").permutation(n_rows)[: len(row)]
    )  # the sampled rows may stand close together
    mixed = generator(0, "order of a log", "mixed").permutation(anywhere)
    order = np.lexsort((mixed, group))
    at_random = np.log(np.diff(mixed[order])[same])
    nearer = float(at_random.mean() - observed.mean())
    error = float(np.sqrt((observed.var() + at_random.var()) / len(observed)))
    return nearer < max(0.05, 3.3 * error) and nearer > -max(0.05, 3.3 * error)
