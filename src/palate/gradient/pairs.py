"""Pairs of items that belong together because people had both, drawn so that rare items get their
share.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from palate.arrays import Doubles, Rows, Sparse
from palate.errors import Refused
from palate.tables import Histories, Interactions


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of items, and how often each is drawn.

    Attributes:
        left: int32 [n], one item of each pair.
        right: int32 [n], the other.
        share: float64 [n], probability of being drawn; they sum to 1.
        known: CSR bool [n_items, n_items], symmetric: pairs that must not count as negatives.
    """

    left: Rows
    right: Rows
    share: Doubles
    known: Sparse

    def draw(self, n: int, rng: np.random.Generator) -> tuple[Rows, Rows]:
        """`n` pairs, each the one way round or the other."""
        place = np.searchsorted(
            np.cumsum(self.share), rng.random(n) * self.share.sum(), side="right"
        )
        place = np.minimum(place, len(self.share) - 1)
        turned = rng.random(n) < 0.5
        left, right = self.left[place], self.right[place]
        return np.where(turned, right, left), np.where(turned, left, right)


def cooccurring(log: Interactions, usable: Rows, window: int = 10, power: float = 0.5) -> Pairs:
    """Pairs of different items that stand at most `window` steps apart in one user's history.

    A pair `g` steps apart counts 1/g; its share is count / (deg_a deg_b)^power, where deg is the
    sum of an item's counts: at 0 popular items make up most pairs, at 1 an item's popularity does
    not matter.

    Args:
        log: The training part, nothing else.
        usable: int32, items that may stand in a pair (those with a text).
        window: Most steps between two events, >= 1.
        power: >= 0.

    Raises:
        Refused: There is no such pair.

    >>> from palate.tables import Vocabulary
    >>> abc = np.arange(3, dtype=np.int32)
    >>> users, items = Vocabulary.of("u"), Vocabulary.of("abc")
    >>> log = Interactions(users, items, np.zeros(3, np.int32), abc, np.ones(3, np.float32))
    >>> pairs = cooccurring(log, abc, window=1)
    >>> list(zip(pairs.left.tolist(), pairs.right.tolist()))
    [(0, 1), (1, 2)]
    """
    C = closeness(log, window)
    allowed = np.zeros(log.n_items)
    allowed[usable] = 1.0
    C = sparse.csr_matrix(sparse.diags(allowed) @ C @ sparse.diags(allowed))
    C.eliminate_zeros()
    degree = np.maximum(np.asarray(C.sum(axis=1)).ravel(), 1e-12)
    upper = sparse.coo_matrix(sparse.triu(C, 1))
    if not upper.nnz:
        raise Refused(
            "no two items with a text were ever had by the same user in the training part",
            next_step=(
                "leave this adaptation out, or use adapt.attribute_dropout.v1, which needs no"
                " behaviour"
            ),
        )
    share = upper.data / (degree[upper.row] * degree[upper.col]) ** power
    known = sparse.csr_matrix((np.ones(C.nnz, np.bool_), C.indices, C.indptr), shape=C.shape)
    return Pairs(upper.row.astype(np.int32), upper.col.astype(np.int32), share / share.sum(), known)


def closeness(log: Interactions, window: int = 10) -> Sparse:
    """float64 CSR [n_items, n_items], symmetric: sum of 1 / gap over the pairs of different items
    in a history.

    Args:
        log: The training part, nothing else.
        window: Most steps between two events, >= 1.
    """
    histories = Histories.of(log, np.arange(log.n_users, dtype=np.int32)).items
    user, item = histories.row_of_value(), histories.values
    total = sparse.csr_matrix((log.n_items, log.n_items), dtype=np.float64)
    for gap in range(1, min(window, max(len(item) - 1, 0)) + 1):
        both = (user[gap:] == user[:-gap]) & (item[gap:] != item[:-gap])
        pair = (item[:-gap][both], item[gap:][both])
        total = sparse.csr_matrix(
            total + sparse.csr_matrix((np.full(len(pair[0]), 1.0 / gap), pair), total.shape)
        )
    return sparse.csr_matrix(total + total.T)
