"""Whether the order of a log's events says anything about what came first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from palate.arrays import Floats, Longs, Rows
from palate.data import order_signs as signs
from palate.data.times import are_dates
from palate.seeding import generator
from palate.tables import Interactions

MOST_TIED: Final = 0.9
"""Above this share of neighbouring events at one time, times do not order what a user did."""

MANY_TIED: Final = 0.2
"""Above this share of neighbouring events at one time, the ties are worth a word."""

_MOST_EVENTS: Final = 150_000


@dataclass(frozen=True)
class Order:
    """What the order of a log is worth.

    Attributes:
        real: Whether it may be taken for the order in which things happened.
        reason: Why, as a whole sentence for people.
        by_time: Whether it comes from timestamps that all users share.
        tied: Share of a user's neighbouring events that have the same time, 0..1; 0 without times.
    """

    real: bool
    reason: str
    by_time: bool = False
    tied: float = 0.0


def order_of(log: Interactions) -> Order:
    """Judge the order of a log: by its times, or else by that of its rows.

    Timestamps are believed unless they are all equal, or equal within nearly every user. Ranks,
    and rows without times, are looked at more closely, since a file is often written sorted: by
    item, by value, with every user's items in one and the same order, or shuffled. A log whose
    items were numbered as they appeared is not mistaken for a sorted one. Too few events to tell
    leave the order as it is given.

    Args:
        log: The whole log.

    Cost: below a second at any size: beyond 150,000 events the users are sampled.

    >>> from palate.tables import Vocabulary
    >>> user = np.repeat(np.arange(30, dtype=np.int32), 5)
    >>> item = np.sort(np.random.default_rng(0).integers(0, 40, (30, 5)), axis=1).ravel()
    >>> ones = np.ones(150, np.float32)
    >>> log = Interactions(Vocabulary.of(range(30)), Vocabulary.of(range(40)), user,
    ...                    item.astype(np.int32), ones)
    >>> order_of(log).real
    False
    """
    action = None if log.action is None else np.asarray(log.action.codes, np.int32)
    return order_of_columns(
        log.user, log.item, log.items.ids, log.value, log.time, action, log.order
    )


def order_of_columns(
    user: Rows,
    item: Rows,
    ids: tuple[str, ...],
    value: Floats | None,
    time: Longs | None,
    action: Rows | None = None,
    order: Longs | None = None,
) -> Order:
    """The same for the columns of a log.

    Args:
        user: int [n_rows].
        item: int [n_rows], places in `ids`.
        ids: Names of the items.
        value: float [n_rows], or None.
        time: int64 [n_rows], or None.
        action: int [n_rows], or None.
        order: int64 [n_rows], the times at the source's own resolution, where that is finer.
    """
    if len(user) == len(np.unique(user)):
        return Order(False, "No user has two events: there is no order to speak of.")
    if time is None:
        return _of_rows(user, item, ids, value, None, action)
    exact = time if order is None else order
    tied = signs.tied_share(user, exact)
    if int(exact.min()) == int(exact.max()):
        return Order(False, "All events have the same time: their order is not known.", tied=tied)
    if tied >= MOST_TIED:
        return Order(
            False,
            f"{tied:.0%} of a user's neighbouring events have the same time: the times do not tell"
            " what a user did first.",
            tied=tied,
        )
    if are_dates(time):
        return _by_time(tied)
    return _of_rows(user, item, ids, value, exact, action)


def _by_time(tied: float) -> Order:
    reason = "The log has timestamps."
    if tied >= MANY_TIED:
        reason = (
            f"The log has timestamps, but {tied:.0%} of a user's neighbouring events share theirs:"
            " among these the order of the rows decides."
        )
    return Order(True, reason, by_time=True, tied=tied)


def _of_rows(
    user: Rows,
    item: Rows,
    ids: tuple[str, ...],
    value: Floats | None,
    rank: Longs | None,
    action: Rows | None,
) -> Order:
    what = "rows" if rank is None else "ranks"
    start = "The log has no times" if rank is None else "The times are ranks"
    rows = _sampled(user)
    seen = signs.Sequences(
        user[rows],
        item[rows],
        None if value is None else value[rows],
        None if rank is None else rank[rows],
        None if action is None else action[rows],
        rows,
    )
    found = signs.sorted_by_value(seen) or signs.one_order_for_all(seen, ids)
    if not found and rank is None:
        found = signs.grouped_by_item(user, item)
    found = found or signs.ascending_ids(seen, ids)
    if not found and rank is None:
        found = signs.shuffled(seen, len(user))
    found = found or signs.without_pattern(seen)
    if found:
        return Order(False, f"{start}, and {found}: the order of the {what} is not one of events.")
    return Order(True, f"{start}; nothing speaks against the order of the {what}.")


def _sampled(user: NDArray[np.integer]) -> Longs:
    """int64, the rows of as many whole users as fit into the sample, in the order of the file."""
    if len(user) <= _MOST_EVENTS:
        return np.arange(len(user), dtype=np.int64)
    names, place, counts = np.unique(user, return_inverse=True, return_counts=True)
    chosen = generator(0, "order of a log", "users").permutation(len(names))
    kept = np.zeros(len(names), np.bool_)
    kept[chosen[: 1 + int(np.searchsorted(np.cumsum(counts[chosen]), _MOST_EVENTS))]] = True
    return np.flatnonzero(kept[place]).astype(np.int64)
