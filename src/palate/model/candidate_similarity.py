"""How like the history a candidate is, by one block of content."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from palate.arrays import Floats, Longs, Matrix, Ragged, Rows, dense, offsets_of
from palate.tables import Histories

REACH = 50
"""Older events of a history are left out."""
KINDS = ("similarity", "nearest", "recent", "latest")
"""Cosine to the whole history on average, to its nearest item, to its events decayed with age, to
its newest event."""


def similarity(X: Matrix, histories: Histories, items: Rows, fade: float) -> list[Floats]:
    """One array for each of `KINDS`; all 0 for an empty history.

    Args:
        X: float32 [n_items, d], rows of length 1 (or 0), dense or sparse.
        histories: n_cases of them; only their newest `REACH` events count.
        items: int32 [n_cases, width], candidates.
        fade: Steps after which an event counts 1/e in `recent`.

    Returns:
        float32 [n_cases, width], four times.

    Cost: n_cases x width x (events of a history) x d for dense content; for sparse content the
    products of the distinct items of all histories with those of all candidates.
    """
    events, ages = _newest(histories.items)
    if not len(events.values):
        return [np.zeros(items.shape, np.float32) for _ in KINDS]
    weights = np.exp(-ages / fade).astype(np.float32)
    if isinstance(X, np.ndarray):
        return _dense(X, events, ages, weights, items)
    return _sparse(X, events, weights, items)


def _newest(history: Ragged) -> tuple[Ragged, Longs]:
    """The newest events of each history, oldest first, and how many steps ago each was."""
    lengths = history.lengths()
    ages = np.repeat(history.offsets[1:], lengths) - 1 - np.arange(len(history.values))
    near = ages < REACH
    return Ragged(history.values[near], offsets_of(np.minimum(lengths, REACH))), ages[near]


def _dense(X: Floats, events: Ragged, ages: Longs, weights: Floats, items: Rows) -> list[Floats]:
    lengths, case = events.lengths(), events.row_of_value()
    padded = np.zeros((len(items), int(lengths.max()), X.shape[1]), np.float32)
    decay = np.zeros(padded.shape[:2], np.float32)
    padded[case, ages], decay[case, ages] = X[events.values], weights
    # float32 on purpose: a thousand numbers of a thousandth each lose nothing that trees could see
    S = X[items] @ padded.transpose(0, 2, 1)
    real = np.arange(padded.shape[1]) < lengths[:, None]
    nearest = np.where(real[:, None, :], S, -np.inf).max(axis=2)
    mean = S.sum(axis=2) / np.maximum(lengths, 1)[:, None]
    recent = (S @ decay[:, :, None])[:, :, 0] / np.maximum(decay.sum(axis=1), 1e-9)[:, None]
    some = (lengths > 0)[:, None]
    return [np.where(some, s, 0).astype(np.float32) for s in (mean, nearest, recent, S[:, :, 0])]


def _sparse(X: Matrix, events: Ragged, weights: Floats, items: Rows) -> list[Floats]:
    distinct, row = np.unique(events.values, return_inverse=True)
    wanted, column = np.unique(items, return_inverse=True)
    products = dense(sparse.csr_matrix(X[distinct] @ X[wanted].T))
    S = products[row[:, None], column.reshape(items.shape)[events.row_of_value()]]
    lengths = events.lengths()
    some = np.flatnonzero(lengths)
    starts = events.offsets[some]
    out = [np.zeros(items.shape, np.float32) for _ in KINDS]
    mean, nearest, recent, latest = out
    mean[some] = np.add.reduceat(S, starts) / lengths[some, None]
    nearest[some] = np.maximum.reduceat(S, starts)
    decayed = np.add.reduceat(S * weights[:, None], starts)
    recent[some] = decayed / np.add.reduceat(weights, starts)[:, None]
    latest[some] = S[events.offsets[some + 1] - 1]
    return out
