"""Similarity of some items: by content where the run has blocks, else by what a model does with
them.
"""

from __future__ import annotations

import numpy as np

from palate.arrays import Floats, Ragged, Rows, dense
from palate.serve.engine.content import Content
from palate.serve.engine.view import View
from palate.tables import Histories


def similarity(content: Content, view: View, rows: Rows) -> Floats:
    """float32 [n, n] in 0 .. 1: the mean of the cosines in the blocks that the model reads, or else
    in all of the run's; of a run without blocks what the model says of each item to who took the
    other alone, as a share of the most that it says of any of them. What is negative counts as 0.

    Args:
        content: The blocks.
        view: The catalogue and the model.
        rows: int32 [n], the items.

    Cost: n rows of each block, or n lists.
    """
    if not len(rows):
        return np.zeros((0, 0), np.float32)
    blocks = content.rows(view, content.of_model).values()
    if not blocks:
        return _by_model(view, rows)
    mean = np.zeros((len(rows), len(rows)), np.float32)
    for block in blocks:
        some = dense(block.matrix[rows]).astype(np.float32)
        mean += some @ some.T / len(blocks)
    return np.clip(mean, 0, 1)


def _by_model(view: View, rows: Rows) -> Floats:
    alone = Histories.of_items(Ragged.of([np.array([row], np.int32) for row in rows]))
    # a copy: a model may write its next scores into the same memory
    given = np.clip(np.array(view.scorer.score(alone)[:, rows], np.float32), 0, None)
    np.fill_diagonal(given, 0)
    most = given.max(axis=1, keepdims=True)
    shares = np.divide(given, most, out=np.zeros_like(given), where=most > 0)
    both: Floats = np.maximum(shares, shares.T)
    np.fill_diagonal(both, 1)
    return both
