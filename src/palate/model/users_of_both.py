"""How many users have both of two items, each with a weight that depends on how many they have."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from scipy import sparse

from palate.arrays import Doubles, Longs, Rows, Sparse
from palate.model.pair_sums import QUANTUM, Change
from palate.model.sorted_events import EventColumns

UserWeights: TypeAlias = Callable[[Doubles, int], Doubles]
"""(items of each user [n], number of all items) -> weight [n], a multiple of QUANTUM."""


def users_of_both(
    before: EventColumns, after: EventColumns, n_items: int, weights: UserWeights
) -> Change:
    """What makes the numbers of `before` those of `after`.

    Args:
        before: All events of some users so far, each user's together.
        after: The same with new ones among them.
        n_items: Number of items.
        weights: Of the users.

    Returns:
        The weighted number of users of each pair, and the totals that `held` gives.

    Cost: new items times items for each user, and items squared where the user's weight changes.
    """
    users = np.unique(after.user)
    X, old = (_has(events, users, n_items) for events in (after, before))
    w, w_old = (weights(row_sums(x), n_items) for x in (X, old))
    new = sparse.csr_matrix(X - old)
    new.eliminate_zeros()
    # with X = old + new, X'wX - old'v old = old'(w - v) old + new'wX + X'w new - new'w new
    across = sparse.csr_matrix(new.T @ (sparse.diags(w) @ X))
    pairs = across + across.T - weighted_gram(new, w)
    moved = np.flatnonzero(w != w_old)
    if len(moved):
        pairs = pairs + weighted_gram(old[moved], (w - w_old)[moved])
    pairs = sparse.csr_matrix(pairs)
    pairs.eliminate_zeros()
    return Change(pairs, held(X, w) - held(old, w_old))


def weighted_gram(X: Sparse, weights: Doubles) -> Sparse:
    """float64 CSR [n_items, n_items], X' diag(weights) X for X [n_users, n_items]."""
    return sparse.csr_matrix(X.T @ (sparse.diags(weights) @ X), dtype=np.float64)


def row_sums(X: Sparse) -> Doubles:
    """float64 [n_users], items of each user for X [n_users, n_items] of ones."""
    return np.diff(X.indptr).astype(np.float64)


def held(X: Sparse, weights: Doubles) -> Longs:
    """int64 [2], pairs of a user and an item, and the sum of the users' weights over them, in
    QUANTUM: whole numbers, so that the sum is the same in any order.
    """
    n = np.diff(X.indptr).astype(np.int64)
    return np.array([n.sum(), (np.round(weights / QUANTUM).astype(np.int64) * n).sum()], np.int64)


def _has(events: EventColumns, users: Rows, n_items: int) -> Sparse:
    """float64 CSR [n_users, n_items], 1 where one of `users` [n_users] has the item."""
    index = (np.searchsorted(users, events.user), events.item)
    X = sparse.csr_matrix((np.ones(len(events)), index), shape=(len(users), n_items))
    X.data[:] = 1.0
    return X
