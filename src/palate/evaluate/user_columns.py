"""Columns of a block that are lists of who took an item, the test included."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from palate.arrays import Ragged, Rows, Sparse
from palate.evaluate.leaky_columns import where_of
from palate.seeding import generator
from palate.tables import Block, Cases, Finding, Split

ENOUGH = 30
"""Users that are looked at at least."""
MOST_USERS = 2_000
"""Most users that are looked at, drawn by seed."""
COVERED = 0.8
"""Share of a history that a column must be on to be about its user."""
OF_USERS = 0.5
"""Share of the users who must have such a column that holds their targets."""


@dataclass(frozen=True, eq=False)
class _Users:
    """Test cases as rows of items.

    Attributes:
        history: sparse 0/1 [n, n_items].
        targets: The same.
    """

    history: Sparse
    targets: Sparse


def columns_of_users(block: Block, split: Split, seed: int = 0) -> list[Finding]:
    """Are there columns that stand for single users: on nearly all of a user's items, on hardly any
    other, and on the test targets too?

    A text that lists buyers has them, by name or by code, and so has a list of labels. A topic does
    not: it is on items of many histories. A series of few items is its readers' column, but few
    users have one; so a finding takes half of them. Lists that were made of the training part
    alone hold no targets, and are not reported.

    Returns:
        Nothing, or one `column-knows-users` for the block; dense blocks are not looked at.

    Cost: a sparse product of 2,000 histories with the block.
    """
    if not sparse.issparse(block.matrix):
        return []
    users = _users(split.test.open("check for leaks"), len(block.present), seed)
    n_users = users.history.shape[0]
    if n_users < ENOUGH:
        return []
    owners, knowing = _owners(sparse.csr_matrix(block.matrix), users)
    if knowing < OF_USERS * n_users:
        return []
    return [
        Finding(
            "column-knows-users",
            "warning",
            f'Columns of block "{block.name}" are on the items of single users, test targets'
            f" included, for {knowing:,} of {n_users:,} test users: they list who took an item,"
            " and were made from data that contains the test.",
            where=where_of(block.name),
            count=knowing,
            examples=tuple(_named(block, column) for column in owners[:5]),
            advice="Leave the field out; who took an item is in the log.",
        )
    ]


def _users(cases: Cases, n_items: int, seed: int) -> _Users:
    """Cases with a history and a target, at most `MOST_USERS` of them."""
    history = cases.histories.items
    usable = np.flatnonzero((history.lengths() > 1) & (cases.targets.lengths() > 0))
    rng = generator(seed, "leaks", "users")
    rows = np.sort(rng.permutation(usable)[:MOST_USERS]).astype(np.int32)
    parts = (_indicator(part, rows, n_items) for part in (history, cases.targets))
    return _Users(*parts)


def _indicator(items: Ragged, rows: Rows, n_items: int) -> Sparse:
    shape = (len(items), n_items)
    ones = np.ones(len(items.values), np.float32)
    found = sparse.csr_matrix((ones, (items.row_of_value(), items.values)), shape=shape)[rows]
    found.data[:] = 1.0
    return found


def _owners(X: Sparse, users: _Users) -> tuple[list[int], int]:
    """Columns that are about a user and hold a target of his, and how many users have one."""
    filled = X.astype(np.bool_).astype(np.float32)
    size = np.asarray(filled.sum(axis=0)).ravel()
    both = sparse.csr_matrix(users.history @ filled).tocoo()
    hits = sparse.csr_matrix(users.targets @ filled)
    events = np.asarray(users.history.sum(axis=1)).ravel()
    targets = np.asarray(users.targets.sum(axis=1)).ravel()
    covers = both.data >= np.maximum(COVERED * events[both.row], 2)
    narrow = size[both.col] - both.data <= targets[both.row] + 1
    rows, columns = both.row[covers & narrow], both.col[covers & narrow]
    knows = np.asarray(hits[rows, columns]).ravel() > 0 if len(rows) else np.zeros(0, np.bool_)
    found = dict.fromkeys(columns[knows].tolist())
    return list(found), len(np.unique(rows[knows]))


def _named(block: Block, column: int) -> str:
    return block.columns[column] if block.columns else f"column {column + 1}"
