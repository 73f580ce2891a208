"""How likely each position of a list is to be looked at, from what was shown and clicked."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from palate.arrays import Doubles, Mask, Rows
from palate.errors import BadInput, Refused

_ROUNDS: Final = 500
_STILL: Final = 1e-6


def examination(position: Rows, item: Rows, clicked: Mask) -> Doubles:
    """float64 [n_positions], the probability that a position is looked at, against position 1.

    The position-based model: a click needs a look, which depends on the position, and an item that
    attracts, which depends on the item; fitted by expectation and maximisation. It tells the two
    apart by items that were shown at several positions. A list that was made for the person puts
    what this person likes higher, which the model takes for looks: shuffle some lists, or hold
    people alike.

    Args:
        position: int32 [n], of everything that was shown, from 1 on.
        item: int32 [n], which item, from 0 on.
        clicked: bool [n].

    Raises:
        BadInput: Columns of different lengths, nothing, or a position below 1.
        Refused: Positions that no item connects, or one without a click.

    Cost: up to 500 rounds over the pairs of an item and a position.

    Craswell et al., An experimental comparison of click position-bias models, WSDM 2008; Chuklin,
    Markov & de Rijke, Click Models for Web Search, 2015, section 4.3.
    """
    if not len(position) == len(item) == len(clicked) or not len(item) or position.min() < 1:
        raise BadInput(
            f"{len(position)} positions, {len(item)} items, {len(clicked)} clicks",
            where="examination",
            allowed="as many of each, positions from 1 on",
        )
    n_positions, n_items = int(position.max()), int(item.max()) + 1
    cell = (position.astype(np.int64) - 1) * n_items + item
    shape = (n_positions, n_items)
    shown, taken = (
        np.bincount(cell, w, n_positions * n_items).reshape(shape).astype(np.float64)
        for w in (None, clicked.astype(np.float64))
    )
    _refuse_unconnected(shown, taken)
    looked, attracts = np.full((n_positions, 1), 0.5), np.full((1, n_items), 0.5)
    rows, columns = shown.sum(axis=1, keepdims=True), np.maximum(shown.sum(axis=0), 1)[None, :]
    for _ in range(_ROUNDS):
        none = np.maximum(1 - looked * attracts, 1e-12)
        missed = shown - taken
        both = looked * attracts
        before = looked
        looked = (taken + missed * (looked - both) / none).sum(axis=1, keepdims=True) / rows
        attracts = (taken + missed * (attracts - both) / none).sum(axis=0, keepdims=True) / columns
        if np.abs(looked - before).max() < _STILL:
            break
    return np.asarray(looked[:, 0] / looked[0, 0])


def _refuse_unconnected(shown: Doubles, taken: Doubles) -> None:
    bare = np.flatnonzero(taken.sum(axis=1) == 0)
    if len(bare):
        raise Refused(
            f"no click at position {bare[0] + 1}",
            where="examination",
            next_step="leave such positions out, or gather more lists",
        )
    pairs = sparse.csr_matrix(shown)
    parts, _ = csgraph.connected_components(sparse.csr_matrix(pairs @ pairs.T))
    if parts > 1:
        raise Refused(
            "some positions have no item in common, even by way of others",
            where="examination",
            next_step="shuffle some lists: what always stands at one place tells nothing of it",
        )
